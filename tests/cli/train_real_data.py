#!/usr/bin/python3
"""Real screens, where they are ($LAZYNET_DATA or ../shared/data beside the sources): the interferon pathway of papalexi2021 is
among the most certain edges; norman_mini (log values, doubles, most targets not measured) trains in both pair modes."""
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
data = os.environ.get("LAZYNET_DATA") or os.path.join(here, "..", "..", "..", "shared", "data")
papalexi = os.path.join(data, "papalexi2021", "papalexi2021_counts.h5ad")
norman = os.path.join(data, "norman_mini", "norman_mini.h5ad")
for file in (papalexi, norman):
    if not os.path.exists(file):
        print(f"skipped: no {file}; set LAZYNET_DATA")
        sys.exit(77)
failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def train(file, *args):
    command = [os.environ["MPIEXEC"], "-n", "2", os.environ["LAZYNET"], "train", file, "--replicas", "5", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    check(done.returncode == 0, f"{args}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def edges(file):
    with open(file) as f:
        return [line.rstrip("\n").split("\t") for line in f][1:]


with tempfile.TemporaryDirectory(prefix="lazynet_real_") as folder:
    os.chdir(folder)
    said = train(papalexi, "-o", "p.h5ad", "--edges", "p.tsv", "--edges-top", "0")
    for words in ("baseline: no change", "baseline: mean of perturbations", "noise ceiling", "Most certain edges"):
        check(words in said, f"papalexi2021: no '{words}' in\n{said}")
    found = edges("p.tsv")
    receptors, answers = ("IFNGR1", "IFNGR2", "JAK2", "STAT1"), ("JAK2", "STAT1", "PSMB9", "UBE2L6")
    ranks = {(e[0], e[1]): (k + 1, float(e[2])) for k, e in enumerate(found) if e[0] in receptors and e[1] in answers}
    for (regulator, target), (rank, mean) in sorted(ranks.items(), key=lambda item: item[1]):
        print(f"{regulator:8} -> {target:8} rank {rank:5} of {len(found)}  elasticity {mean:.3f}")
        check(mean > 0, f"{regulator} -> {target} is negative")
        check(rank <= 0.05 * len(found), f"{regulator} -> {target} is not among the top 5 %")
    check(len(ranks) == 14, f"{len(ranks)} of the 14 interferon pairs are there")
    if ranks:
        median = sorted(rank for rank, _ in ranks.values())[len(ranks) // 2]
        print(f"median rank {median} of {len(found)}")
        check(median <= 0.015 * len(found), f"the median rank is {median}, not in the top 1.5 %")

    said = train(norman, "-o", "n.h5ad", "--edges", "n.tsv")
    check("Held-out perturbations" in said and len(edges("n.tsv")) > 1000, f"norman_mini: {said}")
    said = train(norman, "-o", "c.h5ad", "--edges", "c.tsv", "--pairs", "cells", "--epochs", "2", "--l2", "0.003")
    check("Held-out perturbations" in said and len(edges("c.tsv")) > 1000, f"norman_mini, cell pairs: {said}")

print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
