#!/usr/bin/python3
"""The law of models in closed form, with knock-outs and with activations, combinations among them: a single perturbation
changes every other gene by the consensus elasticity times the shift of the perturbed gene."""
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import anndata
    import numpy as np
except ImportError as e:
    print(f"skipped: {e} (Debian: python3-anndata)")
    sys.exit(77)

warnings.filterwarnings("ignore")


def lazynet(*args):
    subprocess.run([os.environ["LAZYNET"], *map(str, args), "--quiet"], check=True, timeout=100)


def matrix(run):
    measured = np.asarray(run.varp["consensus_mean"])
    return np.hstack([measured, np.asarray(run.varm["consensus_mean_unmeasured"])]).astype(float)


def check(kind, seed):
    lazynet("simulate", "screen", "-o", f"{kind}.h5ad", "--kind", kind, "--cells", 4000, "--genes", 120, "--perturbations", 24,
            "--doubles", 20, "--depth", 20000, "--unmeasured-share", 0.2, "--seed", seed)
    lazynet("train", f"{kind}.h5ad", "-o", f"{kind}.run.h5ad")
    run = anndata.read_h5ad(f"{kind}.run.h5ad")
    own = run.uns["lazynet"]
    model = own["model"]
    inputs = len(model["inputs"]) + model["embedding_values"].shape[1]
    biases = model["a"].reshape(-1, inputs + 1, model["a"].shape[1])[:, -1]
    assert np.abs(biases).max() > 0.01, "no combination departs from the sum: nothing is tested"
    names = list(run.var_names) + list(own["unmeasured_regulators"])
    consensus = matrix(run)
    control = np.asarray(run[run.obs["split"] == "control"].X)[0].astype(float)
    singles = 0
    for row, label in enumerate(run.obs["perturbation"]):
        if label not in names:
            continue
        j = names.index(label)
        state = np.asarray(run.X[row]).astype(float)
        others = (np.arange(run.n_vars) != j) & (state > 0)  # expression is never predicted below 0
        off = np.abs(state - control - consensus[:, j] * model["shift"][j])[others].max()
        assert off < 5e-6, (kind, label, off)
        singles += 1
    assert singles == 24, singles
    print(f"{kind}: {singles} single perturbations are what the consensus says")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    check("ko", 2)
    check("crispra", 2)
