#!/usr/bin/python3
"""predict_test.py: predictions are what the run's models say, by numpy's second opinion: trained, combined, embedded and
unknown genes, contexts, calibrated sds, interactions; the same bytes on any number of ranks; real anndata reads them."""
import json
import os
import sys
import tempfile

sys.argv.append("")  # runs.py expects lazynet_write_run, which is not needed here
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "io"), here]
from runs import *  # noqa: E402,F403
import model_run  # noqa: E402


def lazynet(*words, ranks=1, code=0, stdin=None):
    done = subprocess.run([os.environ["MPIEXEC"], "-n", str(ranks), os.environ["LAZYNET"]] + [str(w) for w in words],
                          timeout=100, capture_output=True, text=True, input=stdin)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def predict(run, *words, ranks=1):
    told = lazynet("predict", run, "-o", "p.h5ad", "--overwrite", *words, ranks=ranks)
    return anndata.read_h5ad("p.h5ad"), told


def same_bytes(run, *words):
    """On 1 to 4 ranks."""
    for ranks in (1, 2, 3, 4):
        lazynet("predict", run, "-o", f"r{ranks}.h5ad", "--overwrite", "--quiet", *words, ranks=ranks)
        assert open("r1.h5ad", "rb").read() == open(f"r{ranks}.h5ad", "rb").read(), (words, ranks)
    return anndata.read_h5ad("r1.h5ad")


def agree(p, models, label, ground, shift=None, context=None):
    rows = p.obs.perturbation == label
    if context:
        rows &= p.obs.context == context
    one = p[rows]
    assert one.n_obs == 1 and one.obs.ground[0] == ground, (label, one.obs)
    mean, sd = models.predict(label, ground, shift)
    common = models.common(one.obs.context[0])
    common[models.own(label)] = 0  # a perturbed gene's own value is given
    wanted = np.maximum(models.control[one.obs.context[0]] + mean + common, 0)
    assert np.abs(np.asarray(one.X)[0] - wanted).max() < 2e-5, label
    assert np.abs(np.asarray(one.layers["sd"])[0] - sd).max() < 2e-5, label
    free = np.setdiff1d(np.arange(len(mean)), models.own(label))
    assert abs(one.obs.mean_change[0] - np.abs(mean[free]).mean()) < 1e-5
    assert abs(one.obs.mean_sd[0] - sd[free].mean()) < 1e-5
    s, e = (mean[free] ** 2).sum(), (sd ** 2).sum()
    assert abs(one.obs.expected_r2[0] - s / (s + e)) < 1e-4
    r2, known = s / (s + e), models.calibration is not None or ground == "trained"
    trust = "low" if ground == "unknown" else "high" if r2 >= 0.5 and known else "fair" if r2 >= 0.2 else "low"
    assert one.obs.trust[0] == trust, (label, trust, one.obs.trust[0])


def check_simulated_screen():
    """Every replica trained on every perturbation: predictions are the run's own X."""
    lazynet("simulate", "screen", "-o", "s.h5ad", "--cells", 2500, "--genes", 200, "--perturbations", 30, "--doubles", 8,
            "--contexts", 2, "--unmeasured-share", 0.2, "--seed", 5, "--quiet")
    lazynet("train", "s.h5ad", "-o", "run.h5ad", "--replicas", 3, "--gene-blocks", 2, "--fit", "steps",
            "--validation-share", 0, "--l2", 0.01, "--epochs", 40, "--quiet", ranks=2)
    run = anndata.read_h5ad("run.h5ad")
    labels = [x for x in dict.fromkeys(run.obs.perturbation) if x != "control"]
    doubles = [x for x in labels if "+" in x]
    assert doubles and list(run.uns["lazynet"]["unmeasured_regulators"])
    open("labels.txt", "w").write("# all of them\n\n" + "\n".join(labels) + "   # the last one\n")
    p, told = predict("run.h5ad", "--perturbations", "labels.txt")
    assert list(p.var_names) == list(run.var_names) and p.n_obs == run.n_obs
    assert list(p.obs_names) == ["context1|control", "context2|control"] + [f"{c}|{x}" for x in labels
                                                                            for c in ("context1", "context2")]
    again = run[p.obs_names]
    assert np.abs(np.asarray(again.X) - p.X).max() < 1e-5
    assert np.abs(np.asarray(again.layers["sd"]) - p.layers["sd"]).max() < 1e-5
    assert set(p.obs.ground[2:]) == {"trained"} and set(p.obs.ground[:2]) == {"control"}
    assert p.obs.trust[:2].isna().all() and p.obs.expected_r2[:2].isna().all() and (p.obs.members_trained >= 0).all()
    assert "not calibrated" in told and "not calibrated" in p.uns["lazynet"]["sd_holds"]
    measured = next(x for x in labels if x in p.var_names)
    assert p[p.obs.perturbation == measured].layers["sd"][0, list(p.var_names).index(measured)] == 0
    # Members in any order, other separators, and a gene that no perturbation had: the mean one.
    models = model_run.Models("run.h5ad")
    singles = [x for x in labels if "+" not in x]
    pair = next((a, b) for a in singles for b in singles if a < b and f"{a}+{b}" not in labels)
    free = next(g for g in models.genes if g not in models.inputs)
    p, told = predict("run.h5ad", "--perturbations", f"{pair[1]}+{pair[0]},{free},{pair[0]}+{free},{free.lower()}",
                      "--contexts", "context2", ranks=2)
    asked = ("control", "+".join(pair), free, "+".join(sorted((pair[0], free))))
    assert list(p.obs_names) == ["context2|" + x for x in asked]
    agree(p, models, "+".join(pair), "combination")
    agree(p, models, free, "unknown")
    agree(p, models, "+".join(sorted((pair[0], free))), "partly")
    assert f"nothing is known of 1 gene ({free})" in told and "1 perturbation asked for twice" in told
    same_bytes("run.h5ad", "--perturbations", "labels.txt")
    everything = same_bytes("run.h5ad", "--all-genes", "--contexts", "context1")
    assert list(everything.obs.perturbation[1:]) == models.genes
    agree(everything, models, singles[0] if singles[0] in models.genes else singles[1], "trained")
    pairs = same_bytes("run.h5ad", "--combinations", "all-of", ",".join(singles[:6]))
    assert pairs.n_obs == 2 + 2 * 15 and "interaction" in pairs.layers


def check_cell_pairs():
    """Models of cell pairs are asked about the average control cell: close to X, which averages over control cells."""
    lazynet("train", "s.h5ad", "-o", "cells.h5ad", "--pairs", "cells", "--replicas", 2, "--validation-share", 0, "--l2",
            0.001, "--epochs", 4, "--quiet", ranks=2)
    run = anndata.read_h5ad("cells.h5ad")
    models = model_run.Models("cells.h5ad")
    assert models.first == run.n_vars
    p, _ = predict("cells.h5ad", "--perturbations", "labels.txt")
    for label in list(p.obs.perturbation[2:20:2]):
        agree(p, models, label, "trained", context="context1")
    moved = np.asarray(run[p.obs_names].X - run.X[:1])[2:]
    ours = np.asarray(p.X - p.X[:1])[2:]
    assert np.corrcoef(moved.ravel(), ours.ravel())[0, 1] > 0.98


def check_held_out_folds():
    """Replicas that held a perturbation out take part with the mean one; X of the run leaves them out."""
    lazynet("train", "s.h5ad", "-o", "folds.h5ad", "--fit", "steps", "--replicas", 3, "--validation-share", 0.34, "--l2",
            0.01, "--epochs", 20, "--quiet")
    models = model_run.Models("folds.h5ad")
    assert (models.support == 0).any()
    p, _ = predict("folds.h5ad", "--perturbations", "labels.txt", "--contexts", "context1")
    for label in list(p.obs.perturbation[1:]):
        agree(p, models, label, "trained")


def check_embedding():
    """Genes that only an embedding knows; calibration; given shifts; several blocks."""
    model_run.write("e.h5ad", dimensions=6, contexts=2, calibrated=True, held_out=True, blocks=3)
    models = model_run.Models("e.h5ad")
    asked = {"G0": "trained", "U0": "trained", "G13": "unknown", "G14": "embedded", "G8": "unknown", "G14+G8": "partly",
             "E2": "embedded", "E1+E2": "partly", "G0+U1": "combination", "E1+G0": "partly", "G13+G17": "unknown", "G0+G12+U2": "combination"}
    p, told = predict("e.h5ad", "--perturbations", ",".join(asked), ranks=3)
    for label, ground in asked.items():
        for context in models.contexts:
            agree(p, models, label, ground, context=context)
    assert "calibrated" in p.uns["lazynet"]["sd_holds"] and "not calibrated" not in told
    assert "nothing is known of 3 genes (G13, G17, G8)" in told, told
    for words, shift in ((("--knockdown", 0.9), np.log(0.1)), (("--activation", 3), np.log(3))):
        p, _ = predict("e.h5ad", "--perturbations", ",".join(asked), *words)
        for label, ground in asked.items():
            agree(p, models, label, ground, shift, context="c1")
    same_bytes("e.h5ad", "--all-genes")
    same_bytes("e.h5ad", "--perturbations", ",".join(asked))


def check_closed_form():
    """The default: linear models with embeddings, biases and a calibration of their own; folds of a gene graph."""
    genes = list(anndata.read_h5ad("run.h5ad").var_names)
    edges = [(genes[i], genes[(i * 7 + k) % 150]) for i in range(150) for k in (1, 2, 3)]
    open("graph.tsv", "w").write("".join(f"{a}\t{b}\n" for a, b in edges))
    lazynet("train", "s.h5ad", "-o", "closed.h5ad", "--gene-graph", "graph.tsv", "--gene-families", "off", "--replicas",
            4, "--gene-blocks", 2, "--quiet", ranks=2)
    run, models = anndata.read_h5ad("closed.h5ad"), model_run.Models("closed.h5ad")
    assert len(models.default) > 1 and models.calibration is not None
    p, told = predict("closed.h5ad", "--perturbations", "labels.txt", ranks=3)
    assert np.abs(np.asarray(run[p.obs_names].X) - p.X).max() < 1e-5 and "calibrated" in told
    for label in list(p.obs.perturbation[2::2]):
        agree(p, models, label, "trained", context="context2")
    free = [g for g in models.genes if g not in models.inputs]
    known = next(g for g in free if g in models.known and np.abs(models.known[g][1:]).max() > 0)
    unknown = next(g for g in free if g not in models.known)
    single = next(g for g in models.inputs if g in models.genes)
    asked = {known: "embedded", unknown: "unknown", "+".join(sorted((known, single))): "partly"}
    for shift, words in ((None, ()), (np.log(0.2), ("--knockdown", 0.8)), (np.log(2), ("--activation", 2))):
        p, _ = predict("closed.h5ad", "--perturbations", ",".join(asked), *words)
        for label, ground in asked.items():
            agree(p, models, label, ground, shift, context="context1")
    told = lazynet("predict", "closed.h5ad", "--combinations", "all-of", f"{known},{single},{unknown}", "--interactions",
                   "closed.tsv")
    assert "these models are linear" in told and pd.read_csv("closed.tsv", sep="\t").shape[0] == 3


def check_split():
    """A fold's test conditions, held out by the run or not."""
    lazynet("split", "s.h5ad", "--kind", "kfold", "--folds", 3, "-o", "split.json", "--quiet")
    lazynet("train", "s.h5ad", "-o", "fold.h5ad", "--split", "split.json", "--fold", 1, "--replicas", 2, "--quiet")
    test = next(f for f in json.load(open("split.json"))["folds"] if f["name"] == "1")["test"]
    p, told = predict("fold.h5ad", "--split", "split.json", "--fold", 1, ranks=2)
    assert "warning: the run" not in told and set(p.obs.fold) == {"1"}, told
    assert sorted(zip(p.obs.context[2:], p.obs.perturbation[2:])) == sorted((t["context"], t["perturbation"]) for t in test)
    models = model_run.Models("fold.h5ad")
    assert "trained" not in set(p.obs.ground)
    for label, ground in zip(p.obs.perturbation[2::2], p.obs.ground[2::2]):
        agree(p, models, label, ground, context="context1")
    p, told = predict("run.h5ad", "--split", "split.json", "--fold", 1, "--contexts", "context2")
    assert "not trained without fold '1'" in told and set(p.obs.ground[1:]) == {"trained"} and p.n_obs == 1 + len(test) // 2


def check_signed():
    """Values of a screen that is not of log expression may be negative."""
    model_run.write("n.h5ad", seed=3)
    plain, _ = predict("n.h5ad", "--perturbations", "G0")
    with h5py.File("n.h5ad", "r+") as f:
        f["uns/lazynet/values"] = "as given"
    signed, _ = predict("n.h5ad", "--perturbations", "G0")
    assert (np.maximum(signed.X, 0) == plain.X).all() and (signed.X < 0).any() and plain.X.min() == 0


def check_interactions():
    """By hidden units as by genes; ranked; the same on any number of ranks; in the file as in numpy."""
    model_run.write("i.h5ad", genes=50, perturbed=16, replicas=4, blocks=2, products=6, spread=0.4, seed=2)
    models = model_run.Models("i.h5ad")
    genes = list(models.inputs)[:10] + ["G1"]
    open("genes.txt", "w").write("\n".join(genes))
    words = ("predict", "i.h5ad", "--combinations", "all-of", "genes.txt")
    told = lazynet(*words, "--interactions", "i.tsv", "--json", "i.json")
    assert "55 pairs of 11 genes" in told, told
    table = pd.read_csv("i.tsv", sep="\t")
    assert len(table) == 55 and (np.diff(table.z) <= 1e-9).all() and len(json.load(open("i.json"))["interactions"]) == 55
    assert {"additive", "synergy", "buffering"} <= set(table["class"]), set(table["class"])
    p, _ = predict("i.h5ad", "--combinations", "all-of", "genes.txt", ranks=2)
    for x in table.itertuples():
        parts, a, b, d = models.interaction(x.first, x.second)
        i = parts.mean(axis=0)
        norm, sd = np.sqrt((i ** 2).sum()), np.sqrt(parts.var(axis=0, ddof=1).sum())
        c, *_ = np.linalg.lstsq(np.c_[a, b], d, rcond=None)
        s = a + b
        for ours, wanted in ((x.norm, norm), (x.sd, sd), (x.z, norm / sd), (x.double_norm, np.linalg.norm(d)),
                             (x.additive_norm, np.linalg.norm(s)), (x.direction, i @ s / norm / np.linalg.norm(s)),
                             (x.c1, c[0]), (x.c2, c[1]), (x.magnitude, np.hypot(*c)),
                             (x.fit, np.corrcoef(np.r_[d, -d], np.r_[np.c_[a, b] @ c, -np.c_[a, b] @ c])[0, 1])):
            assert abs(ours - wanted) < 2e-3 * max(1, abs(wanted)), (x, wanted)
        alike = abs(a @ b) > 0.95 * np.linalg.norm(a) * np.linalg.norm(b)
        masked = np.abs(c).min() < 0.25 * np.abs(c).max() and not alike
        kind = ("additive" if norm / sd < 1 else "masking" if masked else "synergy" if i @ s > 0 else "buffering")
        assert x[3] == kind, (x, kind)
        assert x.ground == ("partly" if "G1" in (x.first, x.second) else "trained" if x.first + "+" + x.second in
                            list(anndata.read_h5ad("i.h5ad").obs.perturbation) or x.second + "+" + x.first in
                            list(anndata.read_h5ad("i.h5ad").obs.perturbation) else "combination")
        row = p[p.obs.perturbation == "+".join(sorted((x.first, x.second)))]
        assert np.abs(np.asarray(row.layers["interaction"])[0] - i).max() < 2e-5
        assert np.abs(np.asarray(row.layers["interaction_sd"])[0] - parts.std(axis=0, ddof=1)).max() < 2e-5
    for ranks in (2, 3, 4):
        lazynet(*words, "--interactions", f"i{ranks}.tsv", ranks=ranks)
        assert open(f"i{ranks}.tsv").read() == open("i.tsv").read()
    lazynet(*words, "--interactions", "few.tsv.gz", "--interactions-top", 5, ranks=2)
    assert pd.read_csv("few.tsv.gz", sep="\t").equals(table[:5])
    open("pairs.tsv", "w").write("U0\tG0\nG5+G0   # a comment\nU1,U2\n")
    lazynet("predict", "i.h5ad", "--combinations", "pairs.tsv", "--interactions", "p.tsv")
    assert {tuple(r) for r in pd.read_csv("p.tsv", sep="\t")[["first", "second"]].values} == {("G0", "U0"), ("G0", "G5"),
                                                                                              ("U1", "U2")}


def check_one_replica():
    model_run.write("one.h5ad", replicas=1)
    p, _ = predict("one.h5ad", "--perturbations", "G0,G1")
    assert not p.layers["sd"].any() and list(p.obs.trust[1:]) == ["fair", "low"] and p.obs.expected_r2.isna().all()
    lazynet("predict", "one.h5ad", "--combinations", "G0+U0", "--interactions", "one.tsv")
    x = pd.read_csv("one.tsv", sep="\t")
    assert list(x["class"]) == ["unclear"] and x.z.isna().all()


def check_lists():
    told = lazynet("predict", "i.h5ad", "--perturbations", "-", "--top", 2, "--json", "t.json", stdin="G0\n# no\nU0+G0\n")
    lines = told[told.index("perturbation\tgene"):].strip().split("\n")
    assert [x.split("\t")[0] for x in lines] == ["perturbation", "G0", "G0", "G0+U0", "G0+U0"], lines
    figures = json.load(open("t.json"))
    models = model_run.Models("i.h5ad")
    mean, sd = models.predict("G0", "trained")
    mean[0] = 0
    best = np.argmax(np.abs(mean))
    one = figures["perturbations"][0]["strongest"][0]
    assert one["gene"] == models.genes[best] and abs(one["z"] - mean[best] / sd[best]) < 1e-3
    lazynet("predict", "i.h5ad", "--perturbations", "G0,U0,control", "--changes", "changes.tsv.gz", "--quiet", ranks=2)
    assert pd.read_csv("changes.tsv.gz", sep="\t").perturbation.value_counts()["G0"] == 49  # all but itself
    told = lazynet("predict", "i.h5ad", "--perturbations", "G0,G9999,G5|G0", "-o", "x.h5ad")
    assert "2 names that the run does not know" in told, told
    told = lazynet("predict", "i.h5ad", "--all-genes", "-o", "dry.h5ad", "--dry-run")
    assert "would predict 51 x 50 genes (20.4 kB)" in told and not os.path.exists("dry.h5ad"), told
    os.remove("x.h5ad")


def check_refusals():
    open("empty.txt", "w").write("# nothing\n")
    for words, reason in (
            ([], "no run named"), (["i.h5ad", "-o", "x.h5ad"], "say what to predict"),
            (["i.h5ad", "--all-genes", "--perturbations", "G0", "-o", "x.h5ad"], "only one of these"),
            (["i.h5ad", "--perturbations", "G0"], "nothing to write"),
            (["i.h5ad", "--perturbations", "G0", "-o", "i.h5ad"], "i.h5ad exists"),
            (["i.h5ad", "--perturbations", "G0", "-o", "i.h5ad", "--overwrite"], "the run itself"),
            (["i.h5ad", "--perturbations", "G0", "-o", "no/x.h5ad"], "there is no folder"),
            (["i.h5ad", "--perturbations", "nobody,U00", "-o", "x.h5ad"], "knows none of the 2 genes asked for"),
            (["i.h5ad", "--perturbations", "U00", "-o", "x.h5ad"], "did you mean U0"),
            (["i.h5ad", "--perturbations", "G0|G5", "-o", "x.h5ad"], "joined by '+', not '|'"),
            (["i.h5ad", "--perturbations", "none.txt", "-o", "x.h5ad"], "there is no such file"),
            (["i.h5ad", "--perturbations", "empty.txt", "-o", "x.h5ad"], "no label in it"),
            (["i.h5ad", "--perturbations", "G0", "--contexts", "moon", "-o", "x.h5ad"], "no context 'moon'; it has c0"),
            (["i.h5ad", "--perturbations", "G0", "--knockdown", 2, "-o", "x.h5ad"], "between 0 and 1"),
            (["i.h5ad", "--perturbations", "G0", "--interactions", "x.tsv"], "--interactions is for --combinations"),
            (["i.h5ad", "--combinations", "G0+U0+G5", "--interactions", "x.tsv"], "is not a pair"),
            (["i.h5ad", "--combinations", "G0", "-o", "x.h5ad"], "is not a pair"),
            (["i.h5ad", "--combinations", "all-of", "-o", "x.h5ad"], "name the genes"),
            (["i.h5ad", "--combinations", "all-of", "G0", "-o", "x.h5ad"], "at least two genes"),
            (["i.h5ad", "--all-genes", "--fold", 1, "-o", "x.h5ad"], "--fold needs --split"),
            (["run.h5ad", "--split", "split.json", "--fold", 7, "-o", "x.h5ad"], "expected one of 0, 1, 2"),
            (["i.h5ad", "--split", "split.json", "--fold", 1, "-o", "x.h5ad"], "none of the contexts of fold '1'"),
            (["missing.h5ad", "--perturbations", "G0", "-o", "x.h5ad"], "missing.h5ad"),
            (["s.h5ad", "--perturbations", "G0", "-o", "x.h5ad"], "is this a run.h5ad")):
        told = lazynet("predict", *words, code=2, ranks=2)
        assert reason in told and told.count("error:") == 1, (words, told)
    with h5py.File("i.h5ad", "r+") as f:
        del f["uns/lazynet/model/shift"]
    assert "no uns/lazynet/model/shift" in lazynet("predict", "i.h5ad", "--perturbations", "G0", "-o", "x.h5ad", code=2)
    assert not os.path.exists("x.h5ad")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    check_simulated_screen()
    check_cell_pairs()
    check_held_out_folds()
    check_closed_form()
    check_split()
    check_embedding()
    check_signed()
    check_interactions()
    check_one_replica()
    check_lists()
    check_refusals()
