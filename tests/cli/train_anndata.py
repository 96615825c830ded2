#!/usr/bin/python3
"""run.h5ad as anndata sees it, and every number in it that can be computed again from the model or from the counts."""
import json
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import anndata
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
except ImportError as e:
    print(f"skipped: {e} (Debian: python3-anndata)")
    sys.exit(77)

warnings.filterwarnings("ignore")
failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def close(a, b, message, tolerance=1e-5):
    a, b = np.asarray(a, float), np.asarray(b, float)
    check(a.shape == b.shape, f"{message}: shapes {a.shape} and {b.shape}")
    if a.shape == b.shape and a.size:
        off = np.max(np.abs(a - b) / (1 + np.abs(b)))
        check(off < tolerance, f"{message}: off by {off}")


def run(*args):
    done = subprocess.run([os.environ["LAZYNET"], *map(str, args)], capture_output=True, text=True, timeout=100)
    check(done.returncode == 0, f"{args}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def pseudobulk(screen):
    """Mean log1p(CP10k) per (context, perturbation), as anybody would compute it."""
    x = screen.X.toarray() if sp.issparse(screen.X) else screen.X
    x = np.log1p(x / np.maximum(x.sum(1, keepdims=True), 1e-30) * 1e4)
    return pd.DataFrame(x, columns=screen.var_names).groupby([np.asarray(screen.obs["cell_type"]), np.asarray(screen.obs["perturbation"])]).mean()


class Model:
    """The factors of every (replica, block), and the Jacobian and predictions that follow from them."""

    def __init__(self, run):
        u = run.uns["lazynet"]
        m = u["model"]
        self.genes, self.replicas, self.blocks = run.n_vars, int(u["replicas"]), int(u["gene_blocks"])
        self.inputs, self.scale = m["inputs"], m["input_scale"]
        self.states = int(m["state_inputs"])
        self.sums, self.u_max = int(m["hidden_sums"]), float(m["u_max"])
        self.a = m["a"].reshape(self.blocks, self.replicas, len(self.inputs) + 1, -1).astype(float)
        self.c = m["c"].reshape(self.replicas, self.genes, -1).astype(float)
        self.slopes = m["slopes"].reshape(self.blocks, self.replicas, -1).astype(float)
        self.support = m["support"].reshape(self.blocks, self.replicas, -1)
        self.block = np.asarray(run.var["block"])
        # A regulator's column comes from its perturbation where there is one, otherwise from its state.
        self.column = {int(j): k for k, j in enumerate(self.inputs)}

    def jacobian(self, block, replica):
        """(genes of the block, regulators), and which regulators the replica supports."""
        regulators = sorted(self.column)
        at = [self.column[j] for j in regulators]
        factor = self.a[block, replica][at] * self.slopes[block, replica] / self.scale[at][:, None]
        return self.c[replica][self.block == block][:, :-1] @ factor.T, self.support[block, replica][at] > 0, regulators

    def consensus(self):
        """mean, moderated sd, sign agreement and selection frequency, in float64 and two passes."""
        regulators = sorted(self.column)
        out = {k: np.zeros((self.genes, len(regulators))) for k in ("mean", "sd", "sign", "selected")}
        for block in range(self.blocks):
            rows = self.block == block
            found = [self.jacobian(block, r) for r in range(self.replicas)]
            counts = np.sum([s for _, s, _ in found], axis=0)
            j = np.array([np.where(s, x, np.nan) for x, s, _ in found])
            some = counts > 0
            mean = np.zeros(j.shape[1:])
            mean[:, some] = np.nanmean(j[:, :, some], axis=0)
            out["mean"][rows] = mean
            out["sign"][rows] = np.where(some, np.abs(np.nansum(np.sign(j), axis=0)) / np.maximum(counts, 1), 0)
            out["selected"][rows] = np.where(some, np.nansum(j != 0, axis=0, where=~np.isnan(j)) / np.maximum(counts, 1), 0)
            squares = np.nansum((j - mean) ** 2, axis=0)
            freedom = counts - 1
            able = freedom >= 1
            variance = squares[:, able] / freedom[able]
            prior = np.outer(variance.mean(1), variance.mean(0)) / variance.mean()
            out["sd"][rows[:, None] & able[None, :]] = np.sqrt((4 * prior + squares[:, able]) / (4 + freedom[able])).ravel()
        return out, regulators


def full_matrix(run, name):
    x = run.varp[f"consensus_{name}"]
    x = x.toarray() if sp.issparse(x) else np.asarray(x)
    y = run.varm.get(f"consensus_{name}_unmeasured")
    return x if y is None else np.hstack([x, y])


def check_layout(run, genes, unmeasured):
    check(set(run.varp) == {f"consensus_{k}" for k in ("mean", "sd", "sign", "selected")}, f"varp holds {list(run.varp)}")
    check(set(run.layers) == {"observed", "sd"}, f"layers hold {list(run.layers)}")
    check(list(run.var_names) == genes, "var_names are not the screen's genes")
    for column in ("block", "control_mean", "validation_error", "regulator_support"):
        check(column in run.var, f"no var/{column}")
    for column in ("context", "perturbation", "cells", "split", "fold", "mse_held_out", "mse_fitted", "mse_no_change", "mse_mean", "mse_noise"):
        check(column in run.obs, f"no obs/{column}")
    check(str(run.obs["context"].dtype) == "category" and str(run.obs["split"].dtype) == "category", "categories are not categorical")
    for name, x in (("X", run.X), *run.layers.items()):
        check(x.dtype == np.float32 and np.isfinite(x).all(), f"{name} is not finite float32")
    check((run.X >= 0).all() and (run.layers["sd"] >= 0).all(), "negative expression or sd")
    u = run.uns["lazynet"]
    check(list(u["unmeasured_regulators"]) == unmeasured, f"unmeasured {u['unmeasured_regulators']}")
    check(json.loads(u["options"])["seed"] == "0" and "output" not in u["options"], "options")
    check("total effects" in u["consensus_holds"], "the file does not say which effects it holds")
    history = u["history"]
    check(len(history) > 0 and history.groupby(["replica", "block"])["best"].sum().eq(1).all(), "history: one best epoch per shard")
    for key in ("version", "git_hash", "seed", "screen_fingerprint", "format_version"):
        check(key in u, f"no uns/lazynet/{key}")


def check_consensus(run, what):
    expected, regulators = Model(run).consensus()
    for name, values in expected.items():
        whole = full_matrix(run, name)
        others = [j for j in range(whole.shape[1]) if j not in regulators]
        check(not whole[:, others].any(), f"{what}: {name} of a regulator that nobody perturbed")
        close(whole[:, regulators], values, f"{what}: consensus_{name}", 1e-4 if name == "sd" else 1e-5)
    return full_matrix(run, "mean")


def check_edges(run, path, support):
    names = list(run.var_names) + list(run.uns["lazynet"]["unmeasured_regulators"])
    edges = pd.read_csv(path, sep="\t")
    check(list(edges.columns) == ["regulator", "target", "mean", "sd", "sign_agreement", "selected"], f"columns {list(edges.columns)}")
    at = {name: k for k, name in enumerate(names)}
    i, j = edges["target"].map(at).to_numpy(), edges["regulator"].map(at).to_numpy()
    for column, name in (("mean", "mean"), ("sd", "sd"), ("sign_agreement", "sign"), ("selected", "selected")):
        check((edges[column].to_numpy(np.float32) == full_matrix(run, name)[i, j]).all(), f"edge list: {column} is not the matrix's")
    check((i != j).all(), "a self pair is listed")
    wanted = sum(1 for t in range(run.n_vars) for r in np.flatnonzero(support) if r != t)
    check(len(edges) == wanted and not edges.duplicated(["regulator", "target"]).any(), f"{len(edges)} edges, not {wanted}")
    certainty = np.where(edges["sd"] > 0, edges["mean"].abs() / edges["sd"].where(edges["sd"] > 0, 1), 0).astype(float)
    check((np.diff(certainty) <= 1e-6 * (1 + certainty[:-1])).all(), "edges are not sorted by |mean| / sd")


def check_predictions(run, observed):
    """Observed means from the counts; predictions of the replicas that trained on a condition, from their factors."""
    model, shift = Model(run), run.uns["lazynet"]["model"]["shift"]
    names = list(run.var_names) + list(run.uns["lazynet"]["unmeasured_regulators"])
    for c, (context, perturbation, fold) in enumerate(zip(run.obs["context"], run.obs["perturbation"], run.obs["fold"])):
        seen = observed.loc[(context, perturbation)].to_numpy()
        control = observed.loc[(context, "control")].to_numpy()
        close(run.layers["observed"][c], seen, f"observed {context} {perturbation}", 1e-4)
        if perturbation == "control":
            close(run.X[c], control, f"X of {context} control", 1e-4)
            continue
        targets = [names.index(g) for g in perturbation.split("+")]
        own = [t for t in targets if t < run.n_vars]
        changes = []
        for r in range(model.replicas):
            if r == fold:  # five folds, three replicas: replica r holds out fold r
                continue
            change = np.zeros(run.n_vars)
            for block in range(model.blocks):
                z = sum(np.sign(shift[t]) * model.a[block, r][model.column[t]] for t in targets)
                h = np.concatenate([z[: model.sums], np.expm1(np.minimum(z[model.sums :], model.u_max)), [1.0]])
                rows = model.block == block
                change[rows] = model.c[r][rows] @ h
            changes.append(change)
        expected = control + np.mean(changes, axis=0)
        expected[own] = control[own] + shift[own]
        close(run.X[c], np.maximum(expected, 0), f"X of {context} {perturbation}", 1e-4)
        free = np.setdiff1d(np.arange(run.n_vars), own)
        close(run.obs["mse_no_change"][c], np.mean((seen - control)[free] ** 2), f"mse_no_change of {perturbation}", 1e-3)
        close(run.obs["mse_fitted"][c], np.mean((seen - control - np.mean(changes, axis=0))[free] ** 2), f"mse_fitted of {perturbation}", 1e-3)


with tempfile.TemporaryDirectory(prefix="lazynet_train_") as folder:
    os.chdir(folder)
    run("simulate", "screen", "-o", "s.h5ad", "--quiet", "--cells", 500, "--genes", 150, "--perturbations", 10, "--doubles", 4,
        "--contexts", 2, "--unmeasured-share", 0.3, "--seed", 5)
    screen = anndata.read_h5ad("s.h5ad")
    genes = list(screen.var_names)
    unmeasured = sorted(set("+".join(screen.obs["perturbation"].unique()).split("+")) - set(genes) - {"control"})
    common = ("--min-cells-per-perturbation", 5, "--replicas", 3, "--gene-blocks", 2, "--hidden-sums", 6, "--hidden-products", 4, "--quiet")

    run("train", "s.h5ad", "-o", "bulk.h5ad", "--edges", "bulk.tsv", "--edges-top", 0, "--epochs", 40, *common)
    bulk = anndata.read_h5ad("bulk.h5ad")
    check(unmeasured and len(unmeasured) == 3, f"the screen has unmeasured targets: {unmeasured}")
    check_layout(bulk, genes, unmeasured)
    dense = check_consensus(bulk, "pseudobulk")
    check(np.abs(dense).max() > 0.05, "nothing was learnt")
    support = np.concatenate([bulk.var["regulator_support"], bulk.uns["lazynet"]["unmeasured_support"]]) > 0
    check_edges(bulk, "bulk.tsv", support)
    check_predictions(bulk, pseudobulk(screen))

    run("train", "s.h5ad", "-o", "top.h5ad", "--store", "top:4", "--epochs", 40, *common)
    top = anndata.read_h5ad("top.h5ad")
    kept = top.varp["consensus_mean"]
    check(sp.issparse(kept) and (np.diff(kept.indptr) == 4).all(), "top:4 does not keep 4 per target")
    whole, sd = bulk.varp["consensus_mean"], bulk.varp["consensus_sd"]
    check((kept.toarray()[kept.nonzero()] == whole[kept.nonzero()]).all(), "top:4 holds other values than full")
    certain = np.divide(np.abs(whole), sd, out=np.zeros_like(whole), where=sd > 0)
    np.fill_diagonal(certain, -1)
    least = np.array([certain[t][kept.indices[kept.indptr[t] : kept.indptr[t + 1]]].min() for t in range(len(genes))])
    check((least >= np.sort(certain, axis=1)[:, -4] - 1e-6).all(), "top:4 does not keep the most certain")

    run("train", "s.h5ad", "-o", "none.h5ad", "--store", "none", "--epochs", 40, *common)
    none = anndata.read_h5ad("none.h5ad")
    check(len(none.varp) == 0 and (none.X == bulk.X).all(), "--store none")

    run("train", "s.h5ad", "-o", "one.h5ad", "--replicas", 1, "--epochs", 10, "--l2", 0.1, *[a for a in common if a not in ("--replicas", 3)])
    one = anndata.read_h5ad("one.h5ad")
    check(not full_matrix(one, "sd").any() and np.abs(full_matrix(one, "mean")).max() > 0, "one replica has no sd")

    run("train", "s.h5ad", "-o", "cells.h5ad", "--pairs", "cells", "--epochs", 3, "--l2", 0.003, "--edges", "cells.tsv.gz", *common)
    cells = anndata.read_h5ad("cells.h5ad")
    check_layout(cells, genes, unmeasured)
    check_consensus(cells, "cell pairs")
    check(len(pd.read_csv("cells.tsv.gz", sep="\t")) > 1000, "compressed edge list")

print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
