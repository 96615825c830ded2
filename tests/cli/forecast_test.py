#!/usr/bin/env python3
"""forecast_test.py: memory and disk of runs against what --dry-run foretold, within 25 % for the peaks of every phase and for
files, and within 35 % for what a run needs beyond the program itself. Times are not held to anything."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

LAZYNET, MPIEXEC = os.environ["LAZYNET"], os.environ["MPIEXEC"]
SCREEN = "--cells 10000 --genes 4000 --perturbations 400 --doubles 100"
DASH = "--prune dash --prior s.prior.tsv --epochs 20 --l2 0.1 --replicas 3"
RUNS = [  # title, ranks, options; {out} is the run's file
    ("closed form", 1, "--store none --edges {out}.tsv --edges-top 0"),
    ("closed form, two ranks", 2, "--store top:100 --edges {out}.tsv.gz"),
    ("steps", 2, "--fit steps --epochs 10 --l2 0.1 --replicas 3"),
    ("steps, penalty chosen", 1, "--fit steps --epochs 5 --replicas 2 --store none --hvg 3000"),
    ("DASH", 2, DASH + " --store top:50"),
    ("DASH, one mask", 1, DASH + " --prune-scope ensemble --store none"),
    ("cells", 2, "--pairs cells --epochs 1 --l2 1e-4 --replicas 2 --store top:20"),
]


def lazynet(ranks, *words):
    start = [MPIEXEC, "-n", str(ranks)] if ranks > 1 else []
    done = subprocess.run([*start, LAZYNET, *words], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, (words, done.returncode, done.stderr)


def figures(ranks, *words):
    lazynet(ranks, *words, "--quiet", "--json", "figures.json")
    return json.loads(pathlib.Path("figures.json").read_text())


def check(what, foretold, found, share):
    print(f"{what}: foretold {foretold / 1e6:.1f} MB, found {found / 1e6:.1f} MB")
    assert abs(foretold - found) <= share * found, f"{what}: foretold {foretold:.0f}, found {found:.0f}"


def compare(title, ranks, base, words, out):
    foretold = figures(ranks, *words, "--dry-run")
    assert not os.path.exists(out), "a dry run wrote " + out
    found = figures(ranks, *words)
    ours, theirs = foretold["timings"], found["timings"]
    assert [p["phase"] for p in ours] == [p["phase"] for p in theirs], (ours, theirs)
    for a, b in zip(ours, theirs):
        check(f"{title}, {a['phase']}", a["peak_bytes"], b["peak_bytes"], 0.25)
    check(f"{title}, beyond the program", ours[-1]["peak_bytes"] - foretold["base_bytes"],
          theirs[-1]["peak_bytes"] - base, 0.35)
    files = sum(os.path.getsize(p) for p in (out, out + ".tsv", out + ".tsv.gz") if os.path.exists(p))
    check(f"{title}, disk", foretold["output_bytes"], files, 0.25)
    peak, shared = ours[-1]["peak_bytes"], foretold["shared_bytes"]
    assert foretold["node_ranks"] == ranks
    assert peak <= foretold["node_bytes"] <= ranks * peak - (ranks - 1) * shared + 1, foretold
    assert (shared > 0) == ("cells" in words), foretold
    assert foretold["checkpoint_bytes"] > 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        lazynet(2, "simulate", "screen", *SCREEN.split(), "-o", "s.h5ad", "--quiet")
        lazynet(1, "simulate", "screen", "--cells", "200", "--genes", "60", "--perturbations", "6", "-o", "tiny.h5ad", "--quiet")
        base = {ranks: figures(ranks, "train", "tiny.h5ad", "-o", f"tiny{ranks}.run.h5ad")["timings"][-1]["peak_bytes"]
                for ranks in (1, 2)}
        for k, (title, ranks, options) in enumerate(RUNS):
            out = f"run{k}.h5ad"
            compare(title, ranks, base[ranks], ["train", "s.h5ad", "-o", out, *options.format(out=out).split()], out)
        lazynet(1, "train", "s.h5ad", "-o", "whole.h5ad", "--fit", "steps", "--epochs", "5", "--l2", "0.1", "--replicas", "2",
                "--store", "none", "--quiet")
        compare("prune", 1, base[1], ["prune", "whole.h5ad", "s.h5ad", "-o", "pruned.h5ad", "--epochs", "5"], "pruned.h5ad")


if __name__ == "__main__":
    sys.exit(main())
