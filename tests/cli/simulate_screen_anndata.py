#!/usr/bin/python3
"""The files of `lazynet simulate screen`, read by the real anndata: shapes, types, and whether they agree."""
import json
import os
import subprocess
import sys
import tempfile

try:
    import anndata
    import numpy as np
    import pandas as pd
    import scipy.sparse
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)


def simulate(folder, name, *options):
    path = os.path.join(folder, name + ".h5ad")
    figures = os.path.join(folder, name + ".json")
    command = [os.environ["LAZYNET"], "simulate", "screen", "-o", path, "--quiet", "--json", figures]
    subprocess.run(command + [str(o) for o in options], check=True)
    stem = os.path.join(folder, name)
    with open(figures) as file:
        return (
            anndata.read_h5ad(path),
            anndata.read_h5ad(stem + ".truth.h5ad"),
            pd.read_csv(stem + ".edges.tsv", sep="\t"),
            pd.read_csv(stem + ".prior.tsv", sep="\t"),
            json.load(file),
        )


def check_rich(folder, compression):
    screen, truth, edges, prior, figures = simulate(
        folder, compression, "--cells", 1500, "--genes", 200, "--perturbations", 20, "--doubles", 10, "--triples", 2,
        "--held-out", 3, "--held-out-doubles", 2, "--contexts", 2, "--batches", 3, "--unmeasured-share", 0.2,
        "--prior-moved", 0.2, "--prior-missing", 0.1, "--prior-added", 0.3, "--compression", compression)

    assert screen.shape == (1500, 200)
    assert scipy.sparse.isspmatrix_csr(screen.X) and screen.X.dtype == np.float32
    assert screen.X.indices.dtype == screen.X.indptr.dtype == np.int32 and screen.X.has_canonical_format
    assert screen.X.nnz == figures["nonzeros"] and screen.X.data.min() >= 1
    assert np.array_equal(screen.X.data, np.round(screen.X.data)), "counts are not whole numbers"
    assert list(screen.obs.columns) == ["perturbation", "cell_type", "batch", "library_size"]
    for column, categories in [("cell_type", ["context1", "context2"]), ("batch", ["batch1", "batch2", "batch3"])]:
        assert list(screen.obs[column].cat.categories) == categories
    assert screen.obs_names.is_unique and screen.var_names.is_unique
    labels = screen.obs["perturbation"]
    assert (labels == "control").mean() == 0.1 and labels.nunique() == 1 + 20 + 10 + 2
    total = np.asarray(screen.X.sum(axis=1)).ravel()
    assert np.corrcoef(np.log(total), np.log(screen.obs["library_size"]))[0, 1] > 0.95
    assert json.loads(screen.uns["simulation"]["options"])["doubles"] == 10

    assert truth.shape == (2 * (1 + 20 + 10 + 2 + 3 + 2), 200) and truth.X.dtype == np.float32
    assert list(truth.var_names) == list(screen.var_names)
    assert np.allclose(np.expm1(truth.X.astype(float)).sum(axis=1), 1e4, rtol=1e-4), "the truth is not log1p(CP10k)"
    assert truth.obs["held_out"].dtype == bool and truth.obs["held_out"].sum() == 2 * 5
    assert not set(truth.obs.perturbation[truth.obs.held_out]) & set(labels)
    seen = truth.obs[~truth.obs.held_out].set_index(["perturbation", "cell_type"])["cells"]
    counted = screen.obs.groupby(["perturbation", "cell_type"]).size()
    assert counted.reindex(seen.index).equals(seen) and (truth.obs.cells[truth.obs.held_out] == 0).all()

    singles = {gene for label in labels.unique() for gene in label.split("+") if label != "control"}
    held_out = set("+".join(truth.obs.perturbation[truth.obs.held_out]).split("+"))
    assert len((singles | held_out) - set(screen.var_names)) == round(0.2 * 23), "wrong number of unmeasured genes"

    assert list(edges.columns[:3]) == ["regulator", "target", "sign"] and len(edges) == figures["edges"]
    assert not edges.duplicated(["regulator", "target"]).any() and set(edges.sign) == {-1, 1}
    true = set(zip(edges.regulator, edges.target))
    known = list(zip(prior.regulator, prior.target))
    n = len(edges)
    moved, missing, added = (int(share * n + 0.5) for share in (0.2, 0.1, 0.3))
    assert len(known) == len(set(known)) == n - missing + added
    assert sum(pair in true for pair in known) == n - missing - moved


def check_signal(folder):
    """Pseudobulk of the cells shows the true responses; a guide that works lowers its own gene."""
    screen, truth, _, _, _ = simulate(folder, "signal", "--cells", 4000, "--genes", 300, "--perturbations", 10,
                                      "--kind", "ko", "--cell-noise", 0.2, "--seed", 3)
    size = np.asarray(screen.X.sum(axis=1))
    normalised = screen.X.multiply(1e4 / size).tocsr()
    observed, true = [], []
    rows = truth.obs.reset_index(drop=True)
    control = rows.index[rows.perturbation == "control"][0]
    base = np.log1p(np.asarray(normalised[(screen.obs.perturbation == "control").values].mean(axis=0))).ravel()
    for row in rows.index[rows.perturbation != "control"]:
        label = rows.perturbation[row]
        mean = np.log1p(np.asarray(normalised[(screen.obs.perturbation == label).values].mean(axis=0))).ravel()
        observed.append(mean - base)
        true.append(truth.X[row] - truth.X[control])
        gene = list(screen.var_names).index(label)
        assert mean[gene] == 0 and truth.X[row, gene] == 0, "a knocked-out gene is expressed"
    correlation = np.corrcoef(np.concatenate(observed), np.concatenate(true))[0, 1]
    assert correlation > 0.9, f"pseudobulk and truth correlate by {correlation:.3f} only"


with tempfile.TemporaryDirectory() as work:
    check_rich(work, "none")
    check_rich(work, "gzip")
    check_signal(work)
print("all agree")
