#!/usr/bin/python3
"""Screens that cannot be trained on: on two ranks, exit code 2 within seconds and one message that names the file, the field
and what to do; no output."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "formats"))
from screens import *  # noqa: E402,F403

x = counts()
output = path("run.h5ad")


def refused(file, *words, args=()):
    command = [os.environ["MPIEXEC"], "-n", "2", os.environ["LAZYNET"], "train", file, "-o", output, *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    name = f"{os.path.basename(file)} {args}"
    check(done.returncode == 2, f"{name}: exit code {done.returncode}\n{done.stderr}")
    said = [line for line in done.stderr.splitlines() if line.startswith("lazynet: ")]
    check(len(said) == 1 and said[0].startswith("lazynet: error: "), f"{name}: not one message in\n{done.stderr}")
    for word in (os.path.splitext(os.path.basename(file))[0], *words):
        check(word in done.stderr, f"{name}: '{word}' is not in\n{done.stderr}")
    check("internal error" not in done.stderr and "HDF5-DIAG" not in done.stderr, f"{name}: {done.stderr}")
    left = [f for f in os.listdir(FOLDER) if f.startswith("run.h5ad")]
    check(not left, f"{name}: left {left}")


def wrong(name, cell, gene, value):
    bad = x.copy()
    bad[cell, gene] = value
    return write(name, sp.csr_matrix(bad))


refused(path("nowhere.h5ad"), "no such file")
with open(path("text.h5ad"), "w") as f:
    f.write("not a matrix\n" * 50)
refused(path("text.h5ad"), "not an HDF5 file")
whole = write("whole.h5ad", sp.csr_matrix(x), compression="gzip")
with open(whole, "rb") as f:
    data = f.read()
with open(path("cut.h5ad"), "wb") as f:
    f.write(data[: len(data) // 2])
refused(path("cut.h5ad"), "truncated")
refused(write("no_control.h5ad", sp.csr_matrix(x), ["A", "B"] * 48 + ["A"]), "no control label", "'A' (49)", "--control")
refused(whole, "--pert-col guide", "condition, quality", args=("--pert-col", "guide"))
refused(whole, "no perturbation has 21 cells", "--min-cells-per-perturbation", args=("--min-cells-per-perturbation", "21"))
refused(wrong("negative.h5ad", 60, 9, -1.5), "cell 60", "gene G9", "-1.5 is negative")
refused(wrong("nan.h5ad", 60, 9, np.nan), "cell 60", "gene G9", "nan")
a = adata(sp.csr_matrix(x))
a.var.index = ["TBCE", "TBCE", "HSPA14", "HSPA14"] + gene_names()[4:]
a.write_h5ad(path("duplicates.h5ad"))
refused(path("duplicates.h5ad"), "TBCE, HSPA14", "--duplicate-genes")
refused(write("no_cells.h5ad", np.zeros((0, GENES), np.float32)), "0 cells")
refused(write("zeros.h5ad", np.zeros((CELLS, GENES), np.float32)), "zero")

# A bad value that no sample sees: only the rank that reads it can know, in the middle of the work, in both pair modes.
late = np.tile(counts(genes=20), (40, 50))
late[3001, 777] = -2
file = write("late.h5ad", sp.csr_matrix(late), condition=["ctrl", "G1"] * (late.shape[0] // 2))
refused(file, "cell 3001", "gene G777", "-2 is negative")
refused(file, "cell 3001", "gene G777", "-2 is negative", args=("--pairs", "cells"))

finish()
