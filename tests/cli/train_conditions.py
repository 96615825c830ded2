#!/usr/bin/python3
"""Screens whose rows are conditions: values as they are, of either sign, one row of controls, sampling variances from a
file. The same bytes on any number of ranks; what the run holds is what the file said; the real one where it is."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

LAZYNET, MPIEXEC = os.environ["LAZYNET"], os.environ["MPIEXEC"]
failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def run(ranks, *args):
    return subprocess.run([MPIEXEC, "-n", str(ranks), LAZYNET, *args], capture_output=True, text=True, timeout=200)


def train(ranks, out, *args):
    done = run(ranks, "train", *args, "-o", out, "--overwrite")
    check(done.returncode == 0, f"{args} on {ranks}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def refused(words, *args):
    done = run(1, *args, "-o", "refused.h5ad", "--overwrite")
    check(done.returncode == 2, f"{args}: exit code {done.returncode}, expected 2")
    for word in words:
        check(word in done.stderr + done.stdout, f"{args}: no '{word}' in\n{done.stderr}{done.stdout}")


def write(name, labels, x, contexts=None, corner=""):
    with open(name, "w") as f:
        head = ([corner] if contexts is None else [corner, "condition", "context"]) + [f"PC{k + 1}" for k in range(x.shape[1])]
        f.write(",".join(head) + "\n")
        for r, label in enumerate(labels):
            names = [label] if contexts is None else [f"row{r}", label, contexts[r]]
            f.write(",".join(names + [repr(float(v)) for v in x[r]]) + "\n")


def write_noise(name, labels, noise):
    with open(name, "w") as f:
        f.write(",variance\n" + "".join(f"{label},{v}\n" for label, v in zip(labels, noise)))


def read(name):
    with h5py.File(name) as f:
        perturbation = [v.decode() for v in f["obs/perturbation"][...]]
        return perturbation, f["X"][...], f["layers/observed"][...], f["obs/mse_noise"][...]


rng = np.random.default_rng(3)
genes = [f"G{k}" for k in range(12)]
labels = ["control"] + genes + [f"{a}+{b}" for a, b in zip(genes[::2], genes[1::2])]
effects = dict(zip(genes, rng.normal(0, 1, (12, 7))))
x = np.array([sum((effects[g] for g in label.split("+") if g in effects), np.zeros(7)) for label in labels])
x[1:] += rng.normal(0, 0.05, x[1:].shape)
noise = np.where(np.arange(len(labels)) == 0, 0.0, 7 * 0.05**2 * (1 + np.arange(len(labels)) % 3))
QUICK = ("--replicas", "3", "--epochs", "30", "--hidden-sums", "4", "--hidden-products", "2", "--gene-blocks", "2")

with tempfile.TemporaryDirectory(prefix="lazynet_conditions_") as folder:
    os.chdir(folder)
    write("c.csv", labels, x)
    write_noise("noise.csv", labels, noise)

    # What inspect says; values of either sign are refused with a pointer to the option, as before for the rest.
    said = run(1, "inspect", "c.csv", "--normalization", "none", "--noise", "noise.csv")
    check(said.returncode == 0, f"inspect: {said.stdout}{said.stderr}")
    for words in ("conditions: every label occurs once", "12 of 1 gene, 6 of 2 genes", "would train: yes (18 conditions"):
        check(words in said.stdout, f"inspect: no '{words}' in\n{said.stdout}")
    refused(["column looks like perturbation labels"], "train", "c.csv")
    write("n.csv", labels, x, ["a"] * len(labels))
    refused(["is negative", "--normalization none"], "train", "n.csv", "--min-cells-per-perturbation", "1")

    # The same bytes on any number of ranks; observed values are those of the file, negative predictions stay.
    for ranks in (1, 2, 3, 4):
        train(ranks, f"r{ranks}.h5ad", "c.csv", "--normalization", "none", "--noise", "noise.csv", *QUICK)
    first = open("r1.h5ad", "rb").read()
    for ranks in (2, 3, 4):
        check(open(f"r{ranks}.h5ad", "rb").read() == first, f"{ranks} ranks: other bytes")
    names, predicted, observed, ceiling = read("r1.h5ad")
    order = [labels.index(name) for name in names]
    check(np.array_equal(observed, x[order].astype(np.float32)), "observed values are not those of the file")
    check((predicted < -0.3).any(), "negative predictions were cut off")
    check(np.allclose(ceiling[1:], noise[order][1:] / 7, rtol=1e-5), f"noise ceiling {ceiling} is not that of the file")

    # Noise counts: other variances, another run. Without them: no ceiling, said; equal weights.
    write_noise("other.csv", labels, noise[::-1] + 0.01)
    train(1, "other.h5ad", "c.csv", "--normalization", "none", "--noise", "other.csv", *QUICK)
    check(open("other.h5ad", "rb").read() != first, "other variances change nothing")
    said = train(1, "no.h5ad", "c.csv", "--normalization", "none", *QUICK)
    check("noise of the conditions is not known" in said and "not known" in said.split("noise ceiling")[1], said)
    check(np.isnan(read("no.h5ad")[3]).all(), "a noise ceiling without noise")
    train(1, "equal.h5ad", "c.csv", "--normalization", "none", "--weights", "equal", *QUICK)
    with h5py.File("no.h5ad") as a, h5py.File("equal.h5ad") as b:
        check(np.array_equal(a["X"][...], b["X"][...]), "weights without noise are not equal")

    # Two contexts, one row of controls in each; conditions with a column of labels, as TSV and with log values.
    both = np.vstack([x + 0.2, x - 0.2])
    write("two.csv", labels * 2, both, ["K562"] * len(labels) + ["RPE1"] * len(labels))
    write_noise("two_noise.csv", [f"row{r}" for r in range(2 * len(labels))], np.concatenate([noise, 2 * noise]))
    said = train(2, "two.h5ad", "two.csv", "--normalization", "none", "--noise", "two_noise.csv", *QUICK)
    check("36 conditions" in said, said)
    names, _, observed, ceiling = read("two.h5ad")
    check(np.allclose(observed[0], 0.2) and np.allclose(observed[1], -0.2), "controls of two contexts")
    check(np.allclose(ceiling[3] / ceiling[2], 2), "noise of two contexts")
    write("log.csv", labels, np.abs(x), ["a"] * len(labels))
    said = train(1, "log.h5ad", "log.csv", "--normalization", "log1p", "--rows", "conditions", *QUICK)
    check("18 conditions" in said and (read("log.h5ad")[1] >= 0).all(), "expression must not be negative")

    # Two rows that mean the same are averaged, and so is their noise.
    write("same.csv", labels + ["G1+G0"], np.vstack([x, x[13] + 1]))
    write_noise("same_noise.csv", labels + ["G1+G0"], np.append(noise, noise[13]))
    train(2, "same.h5ad", "same.csv", "--normalization", "none", "--noise", "same_noise.csv", *QUICK)
    names, _, observed, ceiling = read("same.h5ad")
    at = names.index("G0+G1")
    check(len(names) == 19 and np.allclose(observed[at], x[13] + 0.5), "two rows of one condition")
    check(np.isclose(ceiling[at], noise[13] / 7 / 2, rtol=1e-5), "noise of two rows of one condition")

    # What cannot be.
    refused(["--pairs cells needs cells"], "train", "c.csv", "--normalization", "none", "--pairs", "cells")
    refused(["--hvg"], "train", "c.csv", "--normalization", "none", "--hvg", "3")
    refused(["validation data", "--noise"], "train", "c.csv", "--normalization", "none", "--validation-share", "0",
            "--fit", "steps")
    write("twice.csv", labels + ["G3"], np.vstack([x, x[4]]))
    refused(["'G3' has more than one row", "--rows cells"], "train", "twice.csv", "--normalization", "none", "--rows", "conditions")
    refused(["control cells", "--min-cells"], "train", "twice.csv", "--normalization", "none")
    refused(["--noise is for screens whose rows are conditions"], "train", "twice.csv", "--normalization", "none",
            "--min-cells-per-perturbation", "1", "--noise", "noise.csv")
    write_noise("short.csv", labels[:-1], noise)
    refused(["short.csv", "no line for 'G10+G11'"], "train", "c.csv", "--normalization", "none", "--noise", "short.csv")
    write_noise("bad.csv", labels, [-1.0] * len(labels))
    refused(["bad.csv", "'control' is -1"], "train", "c.csv", "--normalization", "none", "--noise", "bad.csv")
    wild = x.copy()
    wild[3, 2] = 1e6
    write("wild.csv", labels, wild)
    refused(["1000000", "too large to be used as it is"], "train", "wild.csv", "--normalization", "none")
    wild[3, 2] = np.nan
    write("wild.csv", labels, wild)
    refused(["wild.csv", "nan"], "train", "wild.csv", "--normalization", "none")

    # Cells of either sign are averaged: the mean of two rows of one label.
    pair = np.vstack([x, x + 0.5])
    write("cells.csv", labels * 2, pair)
    said = train(2, "cells.h5ad", "cells.csv", "--normalization", "none", "--min-cells-per-perturbation", "2", *QUICK)
    names, _, observed, _ = read("cells.h5ad")
    check(np.allclose(observed, x[[labels.index(n) for n in names]] + 0.25, atol=1e-6), "means of cells of either sign")

    # The forecast of such a screen.
    done = run(2, "train", "c.csv", "--normalization", "none", "--dry-run", *QUICK)
    check(done.returncode == 0 and "18 conditions" in done.stdout, f"forecast: {done.stdout}{done.stderr}")

    here = os.path.dirname(os.path.abspath(__file__))
    data = os.environ.get("LAZYNET_DATA") or os.path.join(here, "..", "..", "..", "shared", "data")
    norman = os.path.join(data, "perturbseq_pc50", "norman19")
    if os.path.exists(norman + ".pc.csv"):
        said = train(2, "norman.h5ad", norman + ".pc.csv", "--normalization", "none", "--noise", norman + ".noise.csv")
        print(said)
        with h5py.File("norman.h5ad") as f:
            held, none = f["obs/mse_held_out"][1:], f["obs/mse_no_change"][1:]
        check(len(held) == 236 and np.nansum(held) < 0.6 * np.nansum(none[~np.isnan(held)]),
              f"norman19: held-out error {np.nansum(held) / np.nansum(none)} of no change")
    else:
        print(f"no {norman}.pc.csv: its part is left out")

sys.exit(1 if failures else 0)
