#!/usr/bin/python3
"""Law 2: an interrupted run that is resumed, on any number of ranks, gives the bytes of one that was left alone.

kills_test.py [KILLS [SEED]]: injures a run with pruning rounds (streaming, penalty search, rounds, training, results) at
random moments, KILLS times in all, and resumes it each time; where a run comes to its end, the next one begins anew.
Injuries: SIGKILL to one rank, to all ranks, to mpirun; SIGUSR1 (which must leave exit code 85, if it comes in time); and
between two tries now and then a damaged file in the checkpoint folder. Finished shards must never be lost again, unless
a file that holds them was damaged.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LAZYNET = os.environ["LAZYNET"]
MPIEXEC = os.environ.get("MPIEXEC", "mpirun")
OPTIONS = ("--fit steps --replicas 3 --gene-blocks 3 --epochs 160 --patience 160 --prune dash "
           "--checkpoint-minutes 0.004").split()
LIMIT = 90


def ranks_of(launcher):
    """Processes of lazynet that mpirun has started."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)
            if int(fields[1].split()[1]) == launcher and "(lazynet" in fields[0] + ")":
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def steps(folder):
    """Records of every readable step, newest first."""
    found = []
    for path in sorted(folder.glob("step-*.DONE"), reverse=True):
        try:
            found.append(json.loads(path.read_text()))
        except ValueError:
            pass
    return found


def keys(step):
    records = step["records"]
    names = records.keys() if isinstance(records, dict) else [r["key"] for r in records]
    return {name for name in names if name.startswith("shard/")}


class Campaign:
    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.codes = {}
        self.injuries = {}

    def command(self, ranks, output, extra=()):
        return [MPIEXEC, "-n", str(ranks), LAZYNET, "train", "screen.h5ad", "-o", output, "--prior", "screen.prior.tsv",
                "--edges", output + ".tsv", *OPTIONS, *extra]

    def reference(self):
        start = time.time()
        subprocess.run(self.command(2, "reference.h5ad"), cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        return time.time() - start

    def injure(self, launcher):
        """True if the run was hit (it may have ended before)."""
        ranks = ranks_of(launcher.pid)
        kind = self.random.choice(["one", "all", "launcher", "stop"])
        if not ranks:
            return False
        self.injuries[kind] = self.injuries.get(kind, 0) + 1
        if kind == "one":
            send(self.random.choice(ranks), signal.SIGKILL)
        elif kind == "all":
            for pid in ranks:
                send(pid, signal.SIGKILL)
        elif kind == "launcher":
            send(launcher.pid, signal.SIGKILL)
        else:
            send(launcher.pid, signal.SIGUSR1)
        return True

    def damage(self):
        """Spoils one file of the newest step; what was finished may be lost with it."""
        files = sorted((self.folder / "work").glob("step-*"), key=lambda p: p.stat().st_mtime)
        if not files or self.random.random() > 0.15:
            return False
        victim = files[-1]
        data = victim.read_bytes()
        if self.random.random() < 0.5:
            victim.write_bytes(data[:self.random.randrange(max(1, len(data)))])
        else:
            at = self.random.randrange(max(1, len(data)))
            victim.write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:])
        self.injuries["damage"] = self.injuries.get("damage", 0) + 1
        return True

    def wait(self, launcher, ranks):
        try:
            code = launcher.wait(LIMIT)
        except subprocess.TimeoutExpired:
            launcher.kill()
            sys.exit(f"FAILED: a run did not end within {LIMIT} s: {launcher.args}")
        deadline = time.time() + 30  # a killed mpirun cannot end its ranks; they end when they notice
        while any(os.path.exists(f"/proc/{pid}") for pid in ranks) and time.time() < deadline:
            time.sleep(0.05)
        for pid in ranks:
            send(pid, signal.SIGKILL)
        return code

    def attempt(self, seconds):
        """One start of the run, with an injury on its way. @return (hit, code)"""
        ranks = self.random.choice([1, 2, 2, 3, 4])
        with open(self.folder / "log", "a") as log:
            launcher = subprocess.Popen(self.command(ranks, "run.h5ad", ["--checkpoint", "work", "--resume"]),
                                        cwd=self.folder, stdout=log, stderr=log)
        deadline = time.time() + 20
        while launcher.poll() is None and len(ranks_of(launcher.pid)) < ranks and time.time() < deadline:
            time.sleep(0.01)
        started = ranks_of(launcher.pid)
        time.sleep(self.random.uniform(0.15, seconds))
        hit = launcher.poll() is None and self.injure(launcher)
        return hit, self.wait(launcher, started)

    def run(self, kills, seconds):
        hits = runs = 0
        done = set()
        while hits < kills or done is not None:
            hit, code = self.attempt(seconds)
            hits += hit
            self.codes[code] = self.codes.get(code, 0) + 1
            if code == 0:
                for name in ["run.h5ad", "run.h5ad.tsv"]:
                    same = (self.folder / name).read_bytes() == \
                        (self.folder / name.replace("run", "reference", 1)).read_bytes()
                    assert same, f"{name} differs from the uninterrupted run's, after {hits} injuries"
                    (self.folder / name).unlink()
                shutil.rmtree(self.folder / "work")
                runs += 1
                done = set()
                if hits >= kills:
                    break
                continue
            if code in (1, 2) and not hit:
                sys.exit(f"FAILED: exit code {code} without an injury:\n" + (self.folder / "log").read_text()[-2000:])
            found = steps(self.folder / "work")
            now = keys(found[0]) if found else set()
            assert done <= now, f"finished shards were lost: {sorted(done - now)}"
            done = set() if self.damage() else now
        return hits, runs


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lazynet-kills-"))
    try:
        subprocess.run([LAZYNET, "simulate", "screen", "-o", "screen.h5ad", "--genes", "300", "--perturbations", "60",
                        "--seed", "1"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        campaign = Campaign(folder, seed)
        seconds = campaign.reference()
        start = time.time()
        hits, runs = campaign.run(kills, seconds)
        print(f"seed {seed}: {hits} injuries {campaign.injuries}, {runs} runs to their end with the bytes of an "
              f"uninterrupted one ({seconds:.1f} s), exit codes {campaign.codes}, {time.time() - start:.0f} s")
    finally:
        shutil.rmtree(folder)


main()
