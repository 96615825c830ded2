"""Small screens for the format tests, and the calls to the program. Exits 77 where the real writers are absent."""
import gzip
import json
import os
import subprocess
import sys
import tempfile

try:
    import anndata
    import h5py
    import numpy as np
    import pandas as pd
    import scipy.io
    import scipy.sparse as sp
except ImportError as e:
    print(f"skipped: {e} (Debian: python3-anndata)")
    sys.exit(77)

import atexit
import shutil
import warnings

warnings.filterwarnings("ignore")
CELLS, GENES = 97, 23
FOLDER = tempfile.mkdtemp(prefix="lazynet_formats_")
atexit.register(shutil.rmtree, FOLDER)
failures = []


def path(name):
    return os.path.join(FOLDER, name)


def check(condition, message):
    if not condition:
        failures.append(message)
        print("FAILED:", message)


def finish():
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


def counts(seed=1, cells=CELLS, genes=GENES):
    rng = np.random.default_rng(seed)
    x = rng.poisson(1.0, (cells, genes)) * rng.integers(0, 2, (cells, genes))
    x[3, :] = 0  # an empty cell
    x[:, 5] = 0  # an empty gene
    x[0, 0] = 7
    return x.astype(np.float32)


def gene_names(genes=GENES):
    return [f"G{i}" for i in range(genes)]


def labels(cells=CELLS):
    return (["ctrl"] * 25 + ["G1+ctrl"] * 20 + ["G2+G7"] * 20 + ["Q9+ctrl"] * 20 + ["nan"] * cells)[:cells]


def adata(x=None, condition=None):
    x = counts() if x is None else x
    obs = pd.DataFrame(index=[f"cell{i}" for i in range(x.shape[0])])
    obs["condition"] = pd.Categorical(condition or labels(x.shape[0]))
    obs["quality"] = np.linspace(0, 1, x.shape[0])
    var = pd.DataFrame(index=gene_names(x.shape[1]))
    return anndata.AnnData(x, obs=obs, var=var, dtype=x.dtype)


def write(name, x=None, condition=None, **how):
    a = adata(x, condition)
    a.write_h5ad(path(name), **how)
    return path(name)


def run(*args):
    done = subprocess.run([os.environ["LAZYNET"], *args], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def inspect(file, *args):
    """Exit code, the JSON, and all that was printed."""
    out = path("inspect.json")
    if os.path.exists(out):
        os.remove(out)
    code, stdout, stderr = run("inspect", file, "--json", out, *args)
    return code, json.load(open(out)) if os.path.exists(out) else {}, stdout + stderr
