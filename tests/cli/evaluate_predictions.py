#!/usr/bin/python3
"""`lazynet evaluate PREDICTIONS --truth SCREEN`: figures against plain numpy on a made-up screen of conditions, the same
bytes on any number of ranks, folds of predictions and of a split, gene order and missing names, a simulated screen of
cells with its ceiling and strata, bad input; real screens where they are."""
import csv
import filecmp
import json
import os
import subprocess
import sys
import tempfile

try:
    import h5py  # noqa: F401
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


def close(a, b, what, tolerance=1e-5):
    check(a is not None and abs(a - b) <= tolerance * max(1.0, abs(b)), f"{what}: {a}, expected {b}")


def run(ranks, *args):
    done = subprocess.run([MPIEXEC, "-n", str(ranks), LAZYNET, *args], capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout + done.stderr


def evaluate(*args, ranks=1, to="out"):
    code, said = run(ranks, "evaluate", *args, "-o", to, "--overwrite", "--bootstrap-rounds", "200")
    check(code == 0, f"{args} on {ranks}: exit code {code}\n{said}")
    figures = json.load(open(os.path.join(to, "evaluation.json"))) if code == 0 else {}
    rows = list(csv.DictReader(open(os.path.join(to, "per_perturbation.csv")))) if code == 0 else []
    return figures, rows, said


def refused(words, *args):
    code, said = run(2, "evaluate", *args)
    check(code == 2, f"{args}: exit code {code}, expected 2")
    for word in words:
        check(word in said, f"{args}: no '{word}' in\n{said}")
    check(said.count("lazynet: error") == 1, f"{args}: not said once\n{said}")


def write(name, labels, values, genes, columns=None):
    with open(name, "w") as f:
        extra = list(columns or {})
        f.write(",".join(["row", "perturbation", *extra, *genes]) + "\n")
        for r, label in enumerate(labels):
            f.write(",".join([f"r{r}", label, *[columns[c][r] for c in extra], *[f"{v:.9g}" for v in values[r]]]) + "\n")


def of(rows, method, perturbation):
    return next(r for r in rows if r["method"] == method and r["perturbation"] == perturbation)


rng = np.random.default_rng(5)
G = 300
genes = [f"G{i}" for i in range(G)]
singles = [f"G{i}" for i in range(12)]
doubles = [f"G{i}+G{j}" for i, j in ((0, 1), (2, 3), (4, 5), (6, 7), (1, 8))]
labels = ["control", *singles, *doubles]
effect = rng.normal(0, 0.4, (12, G)) + rng.normal(0, 0.3, G)
control = rng.uniform(0, 3, G)
truth = np.array([control] + [control + effect[i] for i in range(12)] +
                 [control + sum(effect[int(m[1:])] for m in d.split("+")) + rng.normal(0, 0.1, G) for d in doubles])
held_out = ["G10", "G11", "G0+G1", "G2+G3", "G4+G5", "G6+G7"]
at = {label: i for i, label in enumerate(labels)}
predicted = np.array([truth[at[p]] + rng.normal(0, 0.2, G) for p in held_out])
training = [p for p in labels[1:] if p not in held_out]


def squared(a, b, p):
    """Over all genes but the perturbed ones."""
    keep = np.ones(G, bool)
    keep[[int(m[1:]) for m in p.split("+")]] = False
    return float(np.sum((a[keep] - b[keep]) ** 2))


with tempfile.TemporaryDirectory(prefix="lazynet_evaluate_") as folder:
    os.chdir(folder)
    screen = ("--truth", "truth.csv", "--normalization", "none")
    write("truth.csv", labels, truth, genes)
    # Labels in any order of members, genes in any order, a condition and a gene that the truth does not have.
    order = rng.permutation(G)
    write("predictions.csv", ["+".join(reversed(p.split("+"))) for p in held_out] + ["G299"],
          np.hstack([np.vstack([predicted, predicted[:1]])[:, order], np.zeros((7, 1))]), [genes[i] for i in order] + ["NEW"])
    figures, rows, said = evaluate("predictions.csv", *screen)
    check({r["perturbation"] for r in rows} == set(held_out), f"judged: {sorted({r['perturbation'] for r in rows})}")
    check("1 of 7 predicted conditions are not in truth" in said, said)
    check("1 predicted genes are not measured" in said, said)
    check("the predictions have no controls of their own" in said, said)
    mean = np.mean([truth[at[p]] for p in training], 0)
    additive = {p: control + sum(truth[at[m]] - control for m in p.split("+")) if "+" in p else mean for p in held_out}
    for i, p in enumerate(held_out):
        for method, guess in (("predicted", predicted[i]), ("no_change", control), ("mean", mean), ("additive", additive[p])):
            row = of(rows, method, p)
            close(float(row["lazynet_squared_error"]), squared(guess, truth[at[p]], p), f"{method} {p}", 1e-4)
            close(float(row["gears_mse"]), float(np.mean((guess - truth[at[p]]) ** 2)), f"gears_mse {method} {p}", 1e-4)
        check(of(rows, "predicted", p)["known"] == ("seen2" if "+" in p else "unseen"), f"{p}: {of(rows, 'predicted', p)}")
        check(of(rows, "additive", p)["covered"] == ("full" if "+" in p else "none"), f"additive covers {p}")
    everything = next(g for g in figures["groups"] if g["by"] == "all")["methods"]
    for method, guesses in (("predicted", dict(zip(held_out, predicted))), ("additive", additive)):
        errors = [squared(guesses[p], truth[at[p]], p) for p in held_out]
        close(everything[method]["relative_error"]["value"],
              sum(errors) / sum(squared(control, truth[at[p]], p) for p in held_out), f"relative error, {method}")
        close(everything[method]["r2_over_training_mean"]["value"],
              1 - sum(errors) / sum(squared(mean, truth[at[p]], p) for p in held_out), f"R2, {method}")
    check({m["name"] for m in figures["methods"]} ==
          {"predicted", "no_change", "mean", "additive", "ridge_onehot", "bilinear"}, f"methods {figures['methods']}")
    check("graph_kernel is left out" in said and "perturb_mean is left out" in said, said)

    # The truth itself is perfect, in every measure.
    write("truth_as_prediction.csv", labels[:1] + held_out, truth[[0] + [at[p] for p in held_out]], genes)
    figures, rows, said = evaluate("truth_as_prediction.csv", *screen)
    for name in ("gears_pearson_delta", "celleval_discrimination_l1", "cellsimbench_nir"):
        close(float(of(rows, "predicted", "G10")[name]), 1.0, f"perfect {name}")
    check("No group of conditions speaks against predicted" in said, said)

    # The same bytes on any number of ranks; a graph adds its baseline.
    with open("graph.tsv", "w") as f:
        f.write("".join(f"G{i}\tG{(i + k) % 12}\t{1 / k}\n" for i in range(12) for k in (1, 2, 3)))
    for ranks in (1, 2, 3, 4):
        figures, rows, said = evaluate("predictions.csv", *screen, "--gene-graph", "graph.tsv", ranks=ranks, to=f"out{ranks}")
        check("graph_kernel" in {m["name"] for m in figures["methods"]}, f"{figures['methods']}")
        for file in ("per_perturbation.csv", "summary.csv", "evaluation.json"):
            check(filecmp.cmp(f"out1/{file}", f"out{ranks}/{file}", shallow=False), f"{file} differs on {ranks} ranks")

    # Folds: of the predictions, where each fold's baselines learn from all but its own tests.
    fold = ["a" if i < 3 else "b" for i in range(6)]
    write("folds.csv", held_out, predicted, genes, {"fold": fold})
    figures, rows, said = evaluate("folds.csv", *screen)
    check([f["name"] for f in figures["folds"]] == ["a", "b"], figures["folds"])
    for i, p in enumerate(held_out):
        known = [q for q in labels[1:] if q not in held_out or fold[held_out.index(q)] != fold[i]]
        guess = np.mean([truth[at[q]] for q in known], 0)
        close(float(of(rows, "mean", p)["lazynet_squared_error"]), squared(guess, truth[at[p]], p), f"mean of fold {p}", 1e-4)

    # Folds of a split that judge the same conditions: each by its own predictions.
    held = {"a": ["G10", "G0+G1"], "b": ["G10", "G2+G3"]}
    with open("split.json", "w") as f:
        json.dump({"kind": "custom", "folds": [{"name": n, "test": [{"perturbation": p} for p in t]} for n, t in held.items()]}, f)
    write("twice.csv", held["a"] + held["b"], np.array([truth[at[p]] + shift for shift, n in ((0.1, "a"), (0.3, "b")) for p in held[n]]),
          genes, {"fold": ["a", "a", "b", "b"]})
    figures, rows, said = evaluate("twice.csv", *screen, "--split", "split.json", ranks=2)
    for row in rows:
        if row["method"] == "predicted":
            close(float(row["gears_mse"]), 0.01 if row["fold"] == "a" else 0.09, f"{row['perturbation']} in {row['fold']}", 1e-4)
            close(float(row["cellsimbench_nir"]), 1.0, "NIR within a fold")
    check(sum(r["method"] == "predicted" for r in rows) == 4, f"{len(rows)} rows")

    # Predictions with standard deviations, where the truth is normal around them.
    sd = 0.3
    with h5py.File("sd.h5ad", "w") as f:
        strings = h5py.string_dtype()
        f.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        means = np.array([truth[at[p]] for p in held_out]) + rng.normal(0, sd, (6, G))
        f["X"] = means.astype("float32")
        f["X"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        f["layers/sd"] = np.full((6, G), sd, "float32")
        f["layers/sd"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        for frame, names, columns in (("obs", held_out, {"perturbation": held_out}), ("var", genes, {})):
            group = f.create_group(frame)
            group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
            group.attrs["column-order"] = np.array(list(columns), dtype=strings) if columns else np.array([], dtype="S1")
            for name, values in {"_index": names, **columns}.items():
                group[name] = np.array(values, dtype=object).astype(strings)
                group[name].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
    figures, rows, said = evaluate("sd.h5ad", *screen)
    everything = next(g for g in figures["groups"] if g["by"] == "all")
    check(abs(everything["coverage"]["90"] - 0.9) < 0.03, f"coverage {everything.get('coverage')}")
    check(everything["expected_calibration_error"] < 0.03, f"{everything['expected_calibration_error']}")

    # All conditions predicted: nothing is left to learn from.
    write("all.csv", labels, truth, genes)
    figures, rows, said = evaluate("all.csv", *screen)
    check({m["name"] for m in figures["methods"]} == {"predicted", "no_change"}, f"{figures['methods']}")
    check("baselines have nothing to learn from" in said, said)

    # Bad input.
    write("other_genes.csv", held_out, predicted, [f"ENSG{i}" for i in range(G)])
    write("other_conditions.csv", ["X1", "X2"], predicted[:2], genes)
    refused(["no truth (--truth)"], "predictions.csv")
    refused(["no predictions named"])
    refused(["no gene in common", "ENSG0", "G0"], "other_genes.csv", *screen)
    refused(["predicts nothing that truth holds", "X1"], "other_conditions.csv", *screen)
    refused(["nowhere.h5ad"], "nowhere.h5ad", *screen)
    refused(["exists", "--overwrite"], "predictions.csv", *screen, "--csv", "truth.csv")
    refused(["--bootstrap-rounds"], "predictions.csv", *screen, "--bootstrap-rounds", "0")
    code, said = run(1, "evaluate", "--list-measures")
    check(code == 0 and "celleval_discrimination_l1" in said and "gears_pearson_delta" in said, said[:300])

    # Cells: differential genes, strata, the ceiling.
    code, said = run(2, "simulate", "screen", "--genes", "120", "--perturbations", "25", "--cells", "1600",
                     "--seed", "3", "-o", "cells.h5ad")
    check(code == 0, said)
    if code == 0:
        code, said = run(1, "inspect", "cells.h5ad", "--json", "cells.json")
        with h5py.File("cells.h5ad") as f:
            names = [v.decode() for v in f["var"][f["var"].attrs["_index"]][...]]
        with h5py.File("cells.h5ad") as f:
            column = next(c for c in ("condition", "perturbation", "gene") if c in f["obs"])
            obs = f["obs"][column]
            kinds = [v.decode() for v in obs["categories"][...]]
        asked = [k for k in kinds if k not in ("control", "ctrl", "non-targeting")][:8]
        write("flat.csv", asked, np.full((len(asked), len(names)), 0.5), names)
        for ranks in (1, 3):
            figures, rows, said = evaluate("flat.csv", "--truth", "cells.h5ad", ranks=ranks, to=f"cells{ranks}")
        for file in ("per_perturbation.csv", "summary.csv", "evaluation.json"):
            check(filecmp.cmp(f"cells1/{file}", f"cells3/{file}", shallow=False), f"{file} of cells differs on 3 ranks")
        check(figures["methods"][-1]["name"] == "ceiling", figures["methods"])
        check({"significant genes", "cells"} <= {g["by"] for g in figures["groups"]}, "strata of cells")
        pooled = {m: s["r2_over_training_mean"]["value"] for m, s in figures["groups"][0]["methods"].items()}
        check(pooled["ceiling"] > pooled["no_change"] > pooled["predicted"], f"{pooled}")
        check("Where predicted should not be believed" in said, said)

    # Cross-validation: every fold is trained on and judged, the same on any number of ranks.
    code, said = run(1, "split", "truth.csv", "--normalization", "none", "--kind", "kfold", "--folds", "3", "-o", "kfold.json")
    check(code == 0, said)
    for ranks in (1, 3):
        figures, rows, said = evaluate("truth.csv", "--normalization", "none", "--split", "kfold.json", "--replicas", "2",
                                       "--epochs", "10", ranks=ranks, to=f"cv{ranks}")
        check(len(figures["folds"]) == 3 and figures["methods"][0]["name"] == "lazynet", f"{figures}")
        check(sum(r["method"] == "lazynet" for r in rows) >= 12, f"{len(rows)} rows")
    for file in ("per_perturbation.csv", "summary.csv", "evaluation.json", "predictions.h5ad"):
        check(filecmp.cmp(f"cv1/{file}", f"cv3/{file}", shallow=False), f"{file} of cross-validation differs on 3 ranks")
    again, rows, said = evaluate("cv1/predictions.h5ad", *screen, "--split", "kfold.json", "--name", "lazynet", to="again")
    check(again["groups"] == figures["groups"], "judging the predictions file again gives other figures")
    refused(["name a folder"], "truth.csv", "--normalization", "none", "--split", "kfold.json")

print("failures:", len(failures))
sys.exit(1 if failures else 0)
