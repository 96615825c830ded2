#!/usr/bin/python3
"""How runs were made: the printed table of phases, the log beside the results, `lazynet info`, and the command it prints,
which must make the same bytes again."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zlib

failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def lazynet(*args, ranks=1, cwd=None, **environment):
    command = [os.environ["LAZYNET"], *map(str, args)]
    if ranks > 1:
        command = [os.environ["MPIEXEC"], "-n", str(ranks), *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=cwd, env={**os.environ, **environment})


def run(*args, ranks=1, **more):
    done = lazynet(*args, ranks=ranks, **more)
    check(done.returncode == 0, f"{args} on {ranks} ranks: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def content(name):
    with open(name, "rb") as f:
        return f.read()


def load(name):
    with open(name) as f:
        return json.load(f)


def info(name, *args):
    """What info says, as JSON and as text."""
    text = run("info", name, "--json", "info.json", *args)
    check(all(len(line) <= 110 or not line.startswith("  ") or "MPI" not in line for line in text.splitlines()),
          f"info {name}: a line of the table is longer than 110 columns")
    return load("info.json"), text


def made_again(name, ranks=1):
    """Runs what info prints, in its folder, on other ranks; compares."""
    told, text = info(name)
    recipe = told["reproduce"]
    check(recipe["command"] in text, f"{name}: the command is not in the text")
    again = os.path.join(recipe["folder"], re.sub(r"\.h5ad$", ".again.h5ad", os.path.basename(name)))
    shell = recipe["command"].replace("lazynet", f"{os.environ['MPIEXEC']} -n {ranks} {os.environ['LAZYNET']}", 1)
    done = subprocess.run(shell, shell=True, cwd=recipe["folder"], capture_output=True, text=True, timeout=200)
    check(done.returncode == 0, f"{name}: {recipe['command']}: exit code {done.returncode}\n{done.stderr}")
    if done.returncode == 0:
        check(content(again) == content(name), f"{name}: made again by {recipe['command']}, it has other bytes")
        os.remove(again)
    return recipe["command"]


PHASE = re.compile(r"^  (\S.{22}) +([\d.]+) s   peak memory per rank +([\d.]+ \w+)   MPI +([\d.]+) s +(\d+) calls +([\d.]+ \w+)$")

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.mkdir("sub folder")
    run("simulate", "screen", "-o", "s.h5ad", "--quiet", "--cells", 500, "--genes", 200, "--perturbations", 12, "--seed", 5)
    shutil.copy("s.h5ad", "sub folder/it's s.h5ad")

    # The table.
    out = run("train", "s.h5ad", "-o", "run.h5ad", "--gene-blocks", 2, "--replicas", 3, "--verbose", "--json", "run.json",
              ranks=3, SLURM_JOB_ID="4711", SLURM_RESTART_COUNT="2")
    table = [PHASE.match(line) for line in out.splitlines() if "peak memory per rank" in line]
    check(all(table), f"lines of the table are not understood: {out}")
    figures = load("run.json")["timings"]
    names = [t["phase"] for t in figures]
    check(names[0] == "pseudobulk" and names[-1] == "consensus and results", f"phases {names}")
    check([m[1].strip() for m in table if m] == names * 4, "the table is not: all phases over ranks, then those of 3 ranks")
    check(out.count(f" on {socket.gethostname()}\n") >= 3 and "rank 2 on" in out, "no table by rank with its hosts")
    check(all(len(line) <= 110 for line in out.splitlines() if "peak memory" in line), "the table is wider than 110")
    for t in figures:
        check(t["mpi_seconds"] <= t["seconds"] + 0.01, f"{t['phase']}: longer in MPI than in all")
        check(t["mpi_bytes"] <= t["mpi_bytes_all"] <= 3 * t["mpi_bytes"], f"{t['phase']}: bytes do not add up")
    check(figures[-1]["mpi_calls"] > 10 and figures[-1]["mpi_bytes"] > 10000, "results are written without messages")
    quiet = run("train", "s.h5ad", "-o", "run.h5ad", "--gene-blocks", 2, "--replicas", 3, "--overwrite", ranks=2)
    check("By rank" not in quiet and "rank 1 on" not in quiet, "ranks are listed without --verbose")

    # The log beside the run.
    run("train", "s.h5ad", "-o", "run.h5ad", "--gene-blocks", 2, "--replicas", 3, "--overwrite", "--quiet", ranks=3,
        SLURM_JOB_ID="4711", SLURM_RESTART_COUNT="2")
    log = load("run.log.json")
    check(log["command"] == "lazynet train s.h5ad -o run.h5ad --gene-blocks 2 --replicas 3 --overwrite --quiet",
          f"command {log['command']}")
    check(log["working_directory"] == os.path.realpath(folder), f"folder {log['working_directory']}")
    check(log["hosts"] == [{"host": socket.gethostname(), "ranks": [0, 1, 2]}], f"hosts {log['hosts']}")
    check(log["slurm"] == {"SLURM_JOB_ID": "4711", "SLURM_RESTART_COUNT": "2"}, f"slurm {log['slurm']}")
    check(log["inputs"] == [{"given_as": "input", "path": "s.h5ad", "absolute": os.path.join(log["working_directory"], "s.h5ad"),
                             "bytes": os.path.getsize("s.h5ad")}], f"inputs {log['inputs']}")
    check(log["output"] == {"path": "run.h5ad", "bytes": os.path.getsize("run.h5ad")}, f"output {log['output']}")
    check(log["started"] <= log["ended"] and log["seconds"] > 0 and log["versions"]["lazynet"].startswith("0."), "times, versions")
    check([t["phase"] for t in log["timings"]] == names, "phases of the log")
    for t in log["timings"]:
        by = t["by_rank"]
        check(all(len(column) == 3 for column in by.values()), "not a figure for each rank")
        check(max(by["mpi_bytes"]) == t["mpi_bytes"] and sum(by["mpi_bytes"]) == t["mpi_bytes_all"], "bytes by rank")
        check(max(by["seconds"]) == t["seconds"] and max(by["mpi_calls"]) == t["mpi_calls"], "maxima over ranks")
    check(not [n for n in os.listdir(".") if "tmp" in n or "partial" in n], f"left behind: {os.listdir('.')}")

    # Same results and no log on a rank's account; a log that cannot be written is a warning.
    os.mkdir("other.log.json")
    done = lazynet("train", "s.h5ad", "-o", "other.h5ad", "--gene-blocks", 2, "--replicas", 3, ranks=2)
    check(done.returncode == 0 and done.stderr.count("warning") == 1 and "other.log.json" in done.stderr,
          f"a log that cannot be written: exit code {done.returncode}: {done.stderr}")
    check(content("other.h5ad") == content("run.h5ad"), "results hang on the log")

    # What info says of a screen's run, with its log, without it, and with another's.
    told, text = info("run.h5ad")
    check(told["is"] == "run on a screen" and told["command"] == "train" and told["screen"] == "s", f"info: {told['is']}")
    check(told["grid"]["replicas"] == 3 and told["grid"]["gene_blocks"] == 2 and told["grid"]["genes"] == 200, "grid")
    check(told["changed_options"] == {"gene-blocks": "2", "replicas": "3"} or
          told["changed_options"] == {"replicas": "3", "gene-blocks": "2"}, f"changed: {told['changed_options']}")
    held = load("run.json")["held_out"]
    check(abs(told["scores"]["held_out"]["model"] / held["model"] - 1) < 0.01 and
          abs(told["scores"]["held_out"]["no_change"] / held["no_change"] - 1) < 0.01 and
          told["scores"]["held_out"]["conditions"] == held["conditions"], f"scores {told['scores']} for {held}")
    check(len(told["calibration"]) > 0 and len(told["prior"]) > 0, "no calibration, no prior")
    check(told["log"] == log, "info has another log")
    for word in ("fingerprint", "baseline: no change", "noise ceiling", "Calibration", "SLURM_JOB_ID", "4711", "gene-blocks",
                 "consensus and results", "To make it again"):
        check(word in text, f"info: no '{word}' in {text}")
    check("learning-rate" not in text and "learning-rate" in run("info", "run.h5ad", "--verbose"), "options and --verbose")
    check("rank 2 on" in run("info", "run.h5ad", "--verbose"), "no table by rank with --verbose")
    check("lazynet train s.h5ad -o run.again.h5ad" in made_again("run.h5ad", 2), "info: command")
    with open("s.h5ad", "ab") as f:
        f.write(b"x")
    check("s.h5ad has changed" in info("run.h5ad")[1], "a changed input is not told of")
    os.truncate("s.h5ad", log["inputs"][0]["bytes"])
    check("has changed" not in info("run.h5ad")[1], "an input that is the same is said to have changed")
    shutil.move("run.log.json", "kept.json")
    told, text = info("run.h5ad")
    check(told["log"] is None and "run.log.json is not there" in text and "lazynet train SCREEN" in text and
          "fingerprint above" in text, f"info without a log: {text}")
    run("train", "s.h5ad", "-o", "small.h5ad", "--replicas", 2, "--quiet")
    shutil.copy("small.log.json", "run.log.json")
    check("is of another run" in info("run.h5ad")[1], "the log of another run is taken")
    with open("run.log.json", "w") as f:
        f.write("{")
    check("is not the log of a run" in info("run.h5ad")[1], "half a log is taken")
    broken = json.load(open("kept.json"))
    broken["timings"][0]["seconds"] = "long"
    json.dump(broken, open("run.log.json", "w"))
    done = lazynet("info", "run.h5ad")
    check(done.returncode == 2 and "damaged" in done.stderr, f"a damaged log: {done.returncode} {done.stderr}")
    shutil.move("kept.json", "run.log.json")

    # Words that a shell would take apart, files among the options, repeated options; then pruning, and predictions.
    shutil.copy("s.prior.tsv", "sub folder/known edges.tsv")
    run("train", "it's s.h5ad", "-o", "shell.h5ad", "--where", "library_size>10", "--where", "library_size<1e9", "--replicas", 2,
        "--epochs", 12, "--fit", "steps", "--l2", 0.05, "--prune", "dash", "--prior", "known edges.tsv",
        "--interactions", "known edges.tsv", "--quiet", cwd="sub folder")
    told, text = info("sub folder/shell.h5ad")
    check([i["given_as"] for i in told["log"]["inputs"]] == ["input", "--prior", "--interactions"], f"{told['log']['inputs']}")
    check([r["layer"] for r in told["rounds"]] == ["inner", "outer"] and "Pruning" in text and
          all(0 < r["remaining"] < r["weights"] for r in told["rounds"]), f"rounds {told['rounds']}")
    made_again("sub folder/shell.h5ad", 2)
    run("train", "s.h5ad", "-o", "steps.h5ad", "--replicas", 2, "--epochs", 12, "--fit", "steps", "--l2", 0.05, "--quiet")
    run("prune", "steps.h5ad", "s.h5ad", "-o", "pruned.h5ad", "--epochs", 8, "--prune", "magnitude", "--quiet")
    told, text = info("pruned.h5ad")
    check(told["command"] == "prune" and len(told["log"]["inputs"]) == 2, "info of a pruned run")
    made_again("pruned.h5ad", 2)
    run("predict", "run.h5ad", "--all-genes", "-o", "predictions.h5ad", "--quiet")
    told, text = info("predictions.h5ad")
    check(told["is"] == "predictions" and told["grid"]["ground"] and "lazynet predict RUN.h5ad" in text and
          "--all-genes" in text, f"info of predictions: {text}")

    # Trajectories and closed systems.
    run("simulate", "trajectories", "-o", "t", "--genes", 30, "--seed", 3, "--quiet")
    paths = [os.path.join(where, name) for where, _, files in os.walk(".") for name in files if name.startswith("t")]
    data = [p for p in paths if "train" in os.path.basename(p) and p.endswith(".csv")][0]
    for name, options in (("t1", ["--epochs", 5, "--replicas", 2]), ("t2", ["--preset", "published", "--epochs", 3, "--hidden", 8])):
        run("train", data, "-o", f"{name}.h5ad", *options, "--quiet", ranks=2)
        told, text = info(f"{name}.h5ad")
        check(told["is"] == "run on trajectories" and set(told["changed_options"]) == {o[2:] for o in options if str(o)[:2] == "--"},
              f"{name}: {told['is']}, {told['changed_options']}")
        made_again(f"{name}.h5ad")
    os.mkdir("system")
    for name, share in (("knockouts", 0.0), ("wildtype", 1.0)):
        with open(f"system/toy_{name}.tsv", "w") as f:
            f.write("\t".join(f"G{i}" for i in range(6)) + "\n")
            for row in range(6 if share == 0.0 else 1):
                f.write("\t".join(str(share if share == 0.0 and i == row else 0.5 + 0.1 * i) for i in range(6)) + "\n")
    run("train", "system", "-o", "system.h5ad", "--replicas", 2, "--quiet")
    check(info("system.h5ad")[0]["is"] == "run on a closed system", "info of a system")
    made_again("system.h5ad", 2)

    # A folder of checkpoints: the newest step that can be read counts.
    def done(step, records, end="\n"):
        text = f'{{"lazynet_checkpoint": 1, "step": {step}, "ranks": 2,\n"identity": [["--replicas", "3"], ["input s.h5ad", "1 2"]],\n'
        text += '"records": ' + json.dumps([{"key": k, "file": f"step-{step:06}.data", "step": step, "offset": 0, "length": n,
                                             "crc32": "00000000"} for k, n in records]) + ",\n"
        with open(f"checkpoint/step-{step:06}.DONE", "w") as f:
            f.write(f'{text}"checksum": "{zlib.crc32(text.encode()):08x}"}}{end}')

    os.mkdir("checkpoint")
    done(4, [("table/mean", 1000)])
    done(5, [("shard/0/0", 100), ("shard/0/1", 150), ("table/mean", 1000)])
    done(6, [("table/mean", 1000)], end="")
    os.utime("checkpoint/step-000005.DONE", (time.time() - 7200, time.time() - 7200))
    told, text = info("checkpoint")
    check(told["is"] == "checkpoint" and told["step"] == 5 and told["other_steps"] == [4, 6] and told["bytes"] == 1250,
          f"checkpoint: {told}")
    check(told["identity"] == {"--replicas": "3", "input s.h5ad": "1 2"}, f"identity {told['identity']}")
    check(told["records"] == {"shard": {"records": 2, "bytes": 250}, "table": {"records": 1, "bytes": 1000}}, f"{told['records']}")
    check(7190 < told["age_seconds"] < 7500 and "2 h old" in text and "step-000006.DONE" in text, f"checkpoint: {text}")
    os.remove("checkpoint/step-000004.DONE")
    os.remove("checkpoint/step-000005.DONE")
    broken = lazynet("info", "checkpoint")
    check(broken.returncode == 2 and "cut off" in broken.stderr, f"no step that can be read: {broken.stderr}")

    run("train", "s.h5ad", "-o", "saved.h5ad", "--replicas", 2, "--epochs", 12, "--fit", "steps", "--l2", 0.05, "--quiet",
        "--checkpoint", "saved", ranks=2)
    told, text = info("saved")
    check(told["identity"]["command"] == "train" and told["identity"]["--replicas"] == "2" and told["records"],
          f"a run's checkpoint: {told}")
    made_again("saved.h5ad")

    # Several at once; what is no result.
    text = run("info", "run.h5ad", "predictions.h5ad", "--json", "both.json")
    check([one["file"] for one in load("both.json")] == ["run.h5ad", "predictions.h5ad"], "two files")
    os.mkdir("empty")
    for name, words in (("s.h5ad", "lazynet inspect"), ("nothing.h5ad", "nothing.h5ad"), ("s.prior.tsv", "s.prior.tsv"),
                        ("empty", "holds no checkpoint")):
        done = lazynet("info", name, ranks=2)
        check(done.returncode == 2 and words in done.stderr and done.stderr.count("lazynet: error") == 1,
              f"info {name}: exit code {done.returncode}: {done.stderr}")
    check(lazynet("info").returncode == 2, "info of nothing")

sys.exit(1 if failures else 0)
