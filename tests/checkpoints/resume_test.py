#!/usr/bin/python3
"""Checkpoints of every way of training: stopped by signals at different moments and resumed on other numbers of ranks,
each gives the bytes of a run that was left alone; and what --checkpoint and --resume refuse."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

LAZYNET = os.environ["LAZYNET"]
MPIEXEC = os.environ.get("MPIEXEC", "mpirun")
WAYS = {
    "closed form": "--replicas 3 --gene-blocks 3 --gene-families on",
    "steps, penalty search": "--fit steps --replicas 2 --gene-blocks 3 --epochs 120 --patience 120",
    "cells": "--pairs cells --replicas 2 --gene-blocks 2 --epochs 4 --l2 0.001",
    "common mask": "--fit steps --replicas 3 --gene-blocks 2 --epochs 80 --patience 80 --l2 0.1 --prune dash "
                   "--prior screen.prior.tsv --prune-scope ensemble",
    "lambda search": "--fit steps --replicas 2 --gene-blocks 2 --epochs 60 --patience 60 --l2 0.1 --prune dash "
                     "--prior screen.prior.tsv --dash-grid",
    "variable genes, top 20": "--fit steps --replicas 2 --gene-blocks 2 --epochs 60 --l2 0.1 --hvg 150 --store top:20",
}


def start(folder, ranks, arguments):
    return subprocess.Popen([MPIEXEC, "-n", str(ranks), LAZYNET, *arguments], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def run(folder, ranks, arguments):
    process = start(folder, ranks, arguments)
    text, _ = process.communicate(timeout=120)
    return process.returncode, text


def stop_after(process, lines):
    """Sends SIGUSR1 once so many checkpoints were told of."""
    seen = 0
    text = ""
    for line in process.stdout:
        text += line
        seen += line.startswith("checkpoint: step")
        if seen == lines:
            process.send_signal(signal.SIGUSR1)
    process.wait(120)
    return process.returncode, text


def same(folder, a, b):
    return (folder / a).read_bytes() == (folder / b).read_bytes()


def check_way(folder, name, options):
    code, text = run(folder, 2, ["train", "screen.h5ad", "-o", "whole.h5ad", "--overwrite", *options])
    assert code == 0, f"{name}: {text}"
    shutil.rmtree(folder / "work", ignore_errors=True)
    common = ["train", "screen.h5ad", "-o", "parts.h5ad", *options, "--checkpoint", "work", "--resume", "--verbose",
              "--checkpoint-epochs", "7"]
    stops = 0
    for ranks in [2, 3, 1, 4, 2, 1, 3]:
        code, text = stop_after(start(folder, ranks, common), 2 if stops else 1)
        if code == 0:
            break
        assert code == 85 and "stopped on SIGUSR1" in text, f"{name}: exit code {code}\n{text}"
        stops += 1
    if code != 0:
        code, text = run(folder, 2, common)
    assert code == 0, f"{name}: {text}"
    assert stops > 0, f"{name}: never stopped"
    assert same(folder, "whole.h5ad", "parts.h5ad"), f"{name}: other bytes after {stops} stops"
    code, text = run(folder, 2, common)
    assert code == 0 and "is done already" in text, f"{name}: {text}"
    (folder / "parts.h5ad").unlink()
    print(f"{name}: {stops} stops, same bytes")


def check_prune(folder):
    options = ["--prune", "magnitude", "--epochs", "40"]
    code, text = run(folder, 1, ["train", "screen.h5ad", "-o", "trained.h5ad", "--fit", "steps", "--replicas", "2",
                                 "--gene-blocks", "2", "--epochs", "40", "--l2", "0.1"])
    assert code == 0, text
    command = ["prune", "trained.h5ad", "screen.h5ad", *options]
    assert run(folder, 2, [*command, "-o", "whole.h5ad", "--overwrite"])[0] == 0
    shutil.rmtree(folder / "work", ignore_errors=True)
    command += ["-o", "parts.h5ad", "--checkpoint", "work", "--resume", "--verbose"]
    code, text = stop_after(start(folder, 3, command), 2)
    assert code == 85, text
    code, text = run(folder, 2, command)
    assert code == 0 and "going on from step" in text, text
    assert same(folder, "whole.h5ad", "parts.h5ad")
    print("prune: same bytes")


def check_refusals(folder):
    shutil.rmtree(folder / "work", ignore_errors=True)
    options = ["--fit", "steps", "--replicas", "3", "--gene-blocks", "2", "--epochs", "200", "--patience", "200"]
    base = ["train", "screen.h5ad", "-o", "refused.h5ad", "--checkpoint", "work"]
    code, text = stop_after(start(folder, 2, [*base, *options, "--verbose"]), 1)
    assert code == 85, text

    def refused(arguments, *words):
        code, text = run(folder, 2, arguments)
        assert code == 2, f"{arguments}: exit code {code}\n{text}"
        errors = [line for line in text.splitlines() if line.startswith("lazynet: error:")]
        assert len(errors) == 1 and all(word in errors[0] for word in words), f"{arguments}\n{text}"

    refused([*base, *options], "--resume", "--overwrite", "step")
    refused([*base, *options, "--seed", "1", "--resume"], "--seed 0", "--seed 1")
    refused([*base, *options[:3], "4", *options[4:], "--resume"], "--replicas 3", "--replicas 4")
    shutil.copy(folder / "screen.h5ad", folder / "copy.h5ad")
    with open(folder / "copy.h5ad", "ab") as file:
        file.write(b"x")
    refused(["train", "copy.h5ad", *base[2:], *options, "--resume"], "input", "screen", "bytes")
    refused(["train", "screen.h5ad", "-o", "x.h5ad", "--resume"], "--checkpoint")
    refused([*base[:4], "--checkpoint", "screen.h5ad", *options], "screen.h5ad", "folder")
    refused([*base, *options, "--checkpoint-minutes", "0"], "--checkpoint-minutes")
    code, text = run(folder, 1, [*base, *options, "--overwrite"])
    assert code == 0 and "going on" not in text, text
    steps = sorted((folder / "work").glob("*.DONE"))
    assert json.loads(steps[-1].read_text())["records"], "a finished run leaves word of it"
    (folder / "refused.h5ad").unlink()
    refused([*base, *options, "--resume"], "refused.h5ad", "--overwrite")
    print("refusals: as they should be")


def check_spoilt(folder):
    """Both steps spoilt: what is left counts, the rest is done again."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    options = WAYS["steps, penalty search"].split()
    base = ["train", "screen.h5ad", "-o", "spoilt.h5ad", "--checkpoint", "work", "--resume", "--verbose", *options]
    assert run(folder, 1, ["train", "screen.h5ad", "-o", "whole.h5ad", "--overwrite", *options])[0] == 0
    code, text = stop_after(start(folder, 2, base), 4)
    assert code == 85, text
    for path in (folder / "work").glob("*.data"):
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size // 2)
    code, text = run(folder, 3, base)
    assert code == 0 and "passed over" in text, text
    assert same(folder, "whole.h5ad", "spoilt.h5ad")
    print("spoilt steps: same bytes")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lazynet-resume-"))
    try:
        subprocess.run([LAZYNET, "simulate", "screen", "-o", "screen.h5ad", "--genes", "300", "--cells", "1500",
                        "--perturbations", "50", "--doubles", "10", "--seed", "3"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        start_time = time.time()
        for name, options in WAYS.items():
            check_way(folder, name, options.split())
        check_prune(folder)
        check_refusals(folder)
        check_spoilt(folder)
        print(f"{time.time() - start_time:.0f} s")
    finally:
        shutil.rmtree(folder)


main()
