#!/usr/bin/python3
"""simulated_truth.py labels|score NAME trained|doubles: see simulated_truth.sh."""
import sys
import warnings

import anndata
import numpy as np

warnings.filterwarnings("ignore")
WORK, NAME, PART = sys.argv[1:]
truth = anndata.read_h5ad(NAME + ".truth.h5ad")


def changes(data, values):
    """Changes from the control, by perturbation."""
    rows = dict(zip(data.obs.perturbation.astype(str), np.asarray(values, float)))
    return {label: row - rows["control"] for label, row in rows.items() if label != "control"}


def labels():
    chosen = [p for p, held_out in zip(truth.obs.perturbation, truth.obs.held_out)
              if p != "control" and bool(held_out) == (PART == "doubles")]
    open(f"{NAME}.{PART}", "w").write("\n".join(chosen))


def score():
    predicted, run = anndata.read_h5ad(f"{NAME}.{PART}.h5ad"), anndata.read_h5ad(f"{NAME}.run.h5ad")
    true, model = changes(truth, truth.X), changes(predicted, predicted.X)
    seen = changes(run, run.layers["observed"])
    sd = dict(zip(predicted.obs.perturbation.astype(str), np.asarray(predicted.layers["sd"], float)))
    genes, mean = list(run.var_names), np.mean(list(seen.values()), axis=0)
    free = {p: np.array([g not in p.split("+") for g in genes]) for p in model}
    none = sum((true[p][free[p]] ** 2).sum() for p in model)

    def error(of):
        return sum(((of(p) - true[p])[free[p]] ** 2).sum() for p in model) / none

    text = f"{NAME} {PART:8}{len(model):4}  lazynet {error(model.get):.3f}  mean {error(lambda p: mean):.3f}  "
    text += (f"observed {error(seen.get):.3f}" if PART == "trained" else
             f"additive {error(lambda p: sum(seen.get(m, mean) for m in p.split('+'))):.3f}")
    z = np.concatenate([np.abs((model[p] - true[p]) / np.maximum(sd[p], 1e-9))[free[p]] for p in model])
    print(text + f"   in 50 %: {(z < 0.6745).mean():.2f}  in 90 %: {(z < 1.645).mean():.2f}")


{"labels": labels, "score": score}[WORK]()
