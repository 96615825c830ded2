#!/usr/bin/python3
"""Splits: what is held out must touch nothing. The held-out rows of a screen are replaced by wild values; a run on the rest
must be the same bytes, with every kind of split, both pair modes, penalty search, embeddings, variable genes and pruning. The same
change to a row that is trained on must be seen."""
import json
import os
import random
import subprocess
import sys
import tempfile

LAZYNET, MPIEXEC = os.environ["LAZYNET"], os.environ["MPIEXEC"]
failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def run(folder, *args, ranks=1):
    return subprocess.run([MPIEXEC, "-n", str(ranks), LAZYNET, *args], capture_output=True, text=True, timeout=100, cwd=folder)


def done(folder, *args, ranks=1):
    r = run(folder, *args, ranks=ranks)
    check(r.returncode == 0, f"{args}: exit code {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def refused(words, folder, *args):
    r = run(folder, *args)
    check(r.returncode == 2, f"{args}: exit code {r.returncode}, expected 2\n{r.stdout}")
    for word in words:
        check(word in r.stderr, f"{args}: no '{word}' in\n{r.stderr}")


GENES = [f"G{k}" for k in range(20)]
PERTURBED = GENES[:4] + ["U1", "U2", "U3", "U4"]
DOUBLES = ["G0+G1", "G2+U1", "U2+U3", "G3+U4", "G1+U2", "G0+U4"]


def make_rows():
    draw = random.Random(4)
    effect = {p: [draw.gauss(0, 0.6) for _ in GENES] for p in PERTURBED}
    rows = []
    for line in ("K562", "RPE1"):
        for label in ["ctrl"] * 2 + PERTURBED + DOUBLES:
            for cell in range(10):
                rates = [3 * 2.7 ** sum(effect[p][g] for p in label.split("+") if p in effect) for g in range(len(GENES))]
                rows.append([label, line, f"lane{cell % 2}"] + [int(draw.gauss(r, r**0.5) + 0.5) if r > 0 else 0 for r in rates])
    for row in rows:
        row[3:] = [max(0, v) for v in row[3:]]
    draw.shuffle(rows)
    return rows


def write(path, rows):
    with open(path, "w") as f:
        f.write(",".join(["cell", "condition", "cell_type", "batch"] + GENES) + "\n")
        for k, row in enumerate(rows):
            f.write(",".join([f"c{k}"] + [str(v) for v in row]) + "\n")


def wild(rows, chosen):
    draw = random.Random(9)
    return [row[:3] + [draw.choice([0, 9, 100000]) for _ in GENES] if k in chosen else row for k, row in enumerate(rows)]


def held_out(path, fold):
    with open(path) as f:
        lines = [line.rstrip("\n").split("\t") for line in f][1:]
    return {int(row) for name, row, _, _ in lines if name == fold}


with tempfile.TemporaryDirectory(prefix="lazynet_split_") as top:
    work = {name: os.path.join(top, name) for name in ("clean", "wild", "seen")}
    for folder in work.values():
        os.mkdir(folder)
    clean = work["clean"]
    rows = make_rows()
    write(os.path.join(clean, "s.csv"), rows)
    quick = ["--replicas", "2", "--hidden-sums", "4", "--hidden-products", "2", "--gene-blocks", "2"]
    bulk = quick + ["--epochs", "15", "--hvg", "12"]
    cells = quick + ["--epochs", "2", "--pairs", "cells", "--batch", "64"]
    closed = quick + ["--hvg", "12", "--screen-embedding", "responses", "--screen-embedding", "controls",
                      "--gene-families", "on"]
    trials = [("kfold", "1", ["--folds", "3"], closed), ("doubles", "2", [], closed), ("cells", "0", [], closed),
              ("kfold", "2", ["--folds", "3"], bulk), ("kfold", "0", ["--folds", "3"], cells),
              ("combinations", "2", [], bulk), ("doubles", "1", [], bulk), ("contexts", "RPE1", [], bulk),
              ("cells", "0", ["--seed", "3"], bulk), ("cells", "0", [], cells)]
    for kind, fold, options, training in trials:
        name = f"{kind}, fold {fold}, {' '.join(training[-2:])}"
        said = done(clean, "split", "s.csv", "--kind", kind, "-o", "split.json", "--rows-out", "rows.tsv", "--overwrite", *options)
        chosen = held_out(os.path.join(clean, "rows.tsv"), fold)
        check(10 <= len(chosen) < len(rows) / 2 + 60, f"{name}: {len(chosen)} rows are held out")
        trained = next(k for k in range(len(rows)) if k not in chosen and rows[k][0] not in ("ctrl",))
        write(os.path.join(work["wild"], "s.csv"), wild(rows, chosen))
        write(os.path.join(work["seen"], "s.csv"), wild(rows, {trained}))
        result = {}
        for folder in work.values():
            if folder != clean:
                with open(os.path.join(clean, "split.json")) as f, open(os.path.join(folder, "split.json"), "w") as g:
                    g.write(f.read())
            done(folder, "train", "s.csv", "-o", "run.h5ad", "--split", "split.json", "--fold", fold, "--overwrite",
                 *training, ranks=1 if folder == clean else 2)
            with open(os.path.join(folder, "run.h5ad"), "rb") as f:
                result[folder] = f.read()
        check(result[clean] == result[work["wild"]], f"{name}: held-out values reach the run")
        check(result[clean] != result[work["seen"]], f"{name}: the comparison sees nothing")
        whole = done(clean, "train", "s.csv", "-o", "whole.h5ad", "--overwrite", *training)
        with open(os.path.join(clean, "whole.h5ad"), "rb") as f:
            check(f.read() != result[clean], f"{name}: the split changes nothing")

    # prune uses the fold that the run was trained on; the run says which.
    done(clean, "split", "s.csv", "--kind", "kfold", "-o", "split.json", "--rows-out", "rows.tsv", "--overwrite")
    write(os.path.join(work["wild"], "s.csv"), wild(rows, held_out(os.path.join(clean, "rows.tsv"), "1")))
    with open(os.path.join(clean, "split.json")) as f, open(os.path.join(work["wild"], "split.json"), "w") as g:
        g.write(f.read())
    pruned = []
    for folder in (clean, work["wild"]):
        done(folder, "train", "s.csv", "-o", "run.h5ad", "--split", "split.json", "--fold", "1", "--overwrite", *bulk)
        done(folder, "prune", "run.h5ad", "s.csv", "-o", "pruned.h5ad", "--overwrite")
        with open(os.path.join(folder, "pruned.h5ad"), "rb") as f:
            pruned.append(f.read())
    check(pruned[0] == pruned[1], "held-out values reach a pruned run")
    try:
        import anndata

        with open(os.path.join(clean, "split.json")) as f:
            made = json.load(f)
        for file in ("run.h5ad", "pruned.h5ad"):
            a = anndata.read_h5ad(os.path.join(clean, file))
            said = a.uns["lazynet"]["split"]
            check((said["kind"], said["hash"], said["fold"]) == ("kfold", made["hash"], "1"), f"{file} says {said}")
            tested = {c["perturbation"] for c in made["folds"][1]["test"]}
            check(tested and not tested & set(a.obs["perturbation"]), f"{file} holds tested perturbations")
            options = json.loads(a.uns["lazynet"]["options"])
            check(options["split"] == "split.json" and options["fold"] == "1", f"{file}: options {options}")
    except ImportError as e:
        print("what the run says is not looked at:", e)

    # What the command says, and what it refuses.
    said = done(clean, "split", "s.csv", "--kind", "kfold", "-o", "split.json", "--overwrite", "--json", "figures.json")
    with open(os.path.join(clean, "figures.json")) as f:
        figures = json.load(f)
    check(len(figures["folds"]) == 5 and sum(f["strata"]["unseen"] for f in figures["folds"]) == 2 * len(PERTURBED), str(figures))
    check("unseen" in said and "trained" in said and figures["hash"] in said, said)
    shown = done(clean, "split", "--show", "split.json")
    check(figures["hash"] in shown and "unseen" in shown, shown)
    check("it fits s.csv" in done(clean, "split", "s.csv", "--show", "split.json"), "--show with a screen")
    again = done(clean, "split", "s.csv", "--kind", "kfold", "-o", "two.json", ranks=3)
    with open(os.path.join(clean, "two.json")) as a, open(os.path.join(clean, "split.json")) as b:
        check(a.read() == b.read(), "another split on three ranks")
    refused(["exists"], clean, "split", "s.csv", "--kind", "kfold", "-o", "split.json")
    refused(["expected kfold"], clean, "split", "s.csv", "--kind", "thirds", "-o", "x.json")
    refused(["--seeds 1,a"], clean, "split", "s.csv", "--kind", "doubles", "--seeds", "1,a", "-o", "x.json")
    refused(["--fold is missing", "0, 1, 2, 3, 4"], clean, "train", "s.csv", "-o", "x.h5ad", "--split", "split.json")
    refused(["--fold 7"], clean, "train", "s.csv", "-o", "x.h5ad", "--split", "split.json", "--fold", "7")
    refused(["--fold needs --split"], clean, "train", "s.csv", "-o", "x.h5ad", "--fold", "7")
    with open(os.path.join(clean, "split.json")) as f, open(os.path.join(clean, "edited.json"), "w") as g:
        g.write(f.read().replace("G0", "G1", 1))
    refused(["edited.json", "not as it was made"], clean, "train", "s.csv", "-o", "x.h5ad", "--split", "edited.json", "--fold", "0")
    refused(["does not have"], clean, "train", "s.csv", "-o", "x.h5ad", "--split", "split.json", "--fold", "0",
            "--where", "cell_type==K562")
    with open(os.path.join(clean, "mine.txt"), "w") as f:
        f.write("U4\nU4+G0\nK562|G3+U4\nRPE1|U4+G3\n")
    said = done(clean, "split", "s.csv", "--kind", "custom", "--labels", "mine.txt", "-o", "mine.json")
    check("6" in said and "seen1" in said, said)
    done(clean, "train", "s.csv", "-o", "mine.h5ad", "--split", "mine.txt", *bulk)
    done(clean, "train", "s.csv", "-o", "mine2.h5ad", "--split", "mine.json", *bulk)

sys.exit(1 if failures else 0)
