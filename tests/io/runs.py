"""Calls of lazynet_write_run and of the program, under mpiexec. Exits 77 where the real readers are absent."""
import os
import subprocess
import sys

try:
    import anndata
    import h5py
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
except ImportError as e:
    print(f"skipped: {e} (Debian: python3-anndata)")
    sys.exit(77)

WRITE_RUN = sys.argv[1]


def mpi(ranks, *words, code=0):
    """All that was printed."""
    done = subprocess.run([os.environ["MPIEXEC"], "-n", str(ranks)] + [str(w) for w in words], timeout=100,
                          capture_output=True, text=True)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def write(path, ranks=2, **options):
    """A run.h5ad, as the real anndata reads it."""
    mpi(ranks, WRITE_RUN, path, *[w for k, v in options.items() for w in ("--" + k, v)])
    return anndata.read_h5ad(path)
