#!/usr/bin/python3
"""rank_sum_vs_scipy.py RANK_SUM_BENCH: Mann-Whitney of 2,000 perturbations x 8,000 genes x 100 cells against 4,000 controls,
all of it by us, and 20 perturbations x 200 genes of it by scipy, whose p-values must be the same. One core, one run."""
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy
from scipy import stats

GENES, GROUPS, CELLS, CONTROLS = 200, 20, 100, 4000
with tempfile.NamedTemporaryFile() as sample:
    out = subprocess.run([sys.argv[1], sample.name, *sys.argv[2:]], check=True, capture_output=True, text=True).stdout
    print(out, end="")
    values = np.dtype([("x", np.float32, CONTROLS + GROUPS * CELLS), ("p", np.float64, GROUPS)])
    genes = np.fromfile(sample.name, dtype=values)[:GENES]
x = np.ascontiguousarray(genes["x"].T)
control = x[:CONTROLS]
ours = float(out.split("us_per_test=")[1].split()[0])
groups = [x[CONTROLS + i * CELLS:CONTROLS + (i + 1) * CELLS] for i in range(GROUPS)]


def timed(run):
    start = time.perf_counter()
    p = run()
    return 1e6 * (time.perf_counter() - start) / p.size, p


at_once, p = timed(lambda: np.stack([stats.mannwhitneyu(g, control, method="asymptotic", axis=0).pvalue for g in groups], 1))
singly, _ = timed(lambda: np.array([stats.mannwhitneyu(groups[0][:, i], control[:, i], method="asymptotic").pvalue
                                    for i in range(GENES)]))
theirs = min(at_once, singly)
worst = np.max(np.abs(p - genes["p"]) / p)
print(f"scipy {scipy.__version__} genes={len(genes)} groups={GROUPS} us_per_test={at_once:.3f} (gene by gene {singly:.3f})")
print(f"scipy / ours: {theirs / ours:.0f}; largest relative difference of p: {worst:.1e}")
sys.exit(0 if worst < 1e-9 else 1)
