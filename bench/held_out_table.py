#!/usr/bin/env python3
"""held_out_table.py OUT: the table of held_out.sh, means over the seeds of the splits."""
import collections
import csv
import glob
import os
import sys

METHODS = ["lazynet", "no_change", "mean", "graph_kernel", "additive", "ridge_onehot"]


def figures(path, measure):
    with open(os.path.join(path, "summary.csv"), newline="") as file:
        return {row["method"]: float(row["mean"]) for row in csv.DictReader(file)
                if row["by"] == "all" and row["measure"] == measure}


def table(title, runs, measure):
    print(f"{title:28}" + "".join(f"{m:>14}" for m in METHODS))
    for name, paths in sorted(runs.items()):
        values = collections.defaultdict(list)
        for path in sorted(paths):
            for method, value in figures(path, measure).items():
                values[method].append(value)
        cells = [values.get(m, []) for m in METHODS]
        print(f"{name:28}" + "".join(f"{sum(c) / len(c):14.3f}" if c else f"{'-':>14}" for c in cells)
              + ("" if len(paths) < 2 else f"   lazynet {min(cells[0]):.3f} to {max(cells[0]):.3f}"))


singles, doubles = collections.defaultdict(list), collections.defaultdict(list)
for folder in glob.glob(os.path.join(sys.argv[1], "*/")):
    screen, kind = os.path.basename(folder.rstrip("/")).split(".")[:2]
    (doubles if kind == "doubles" else singles)[screen].append(folder)
table("R2 over the training mean", singles, "r2_over_training_mean")
table("error / no change, doubles", doubles, "relative_error")
