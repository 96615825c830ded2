#!/usr/bin/python3
"""evaluate_network.py <write_run>: `lazynet evaluate network` against plain numpy (and scikit-learn where it is
installed) on runs that anndata reads, dense and sparse, with regulators that are not measured."""
import csv
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "io"))
from runs import *  # noqa: E402,F403

try:
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError:
    average_precision_score = roc_auc_score = None


def evaluate(*words, ranks=1, code=0):
    told = mpi(ranks, os.environ["LAZYNET"], "evaluate", "network", *words, "--json", "scores.json", code=code)
    return (json.load(open("scores.json")), told) if code == 0 else told


def close(a, b, what):
    assert abs(a - b) < 1e-9, (what, a, b)


def ranking(truth, score):
    """AUROC, average precision, early precision and best balanced accuracy, straight from their definitions."""
    cuts = np.unique(score)[::-1]
    tp = np.array([np.sum(truth & (score >= c)) for c in cuts], float)
    fp = np.array([np.sum(~truth & (score >= c)) for c in cuts], float)
    pos, neg = truth.sum(), (~truth).sum()
    recall = np.concatenate([[0], tp / pos])
    ap = np.sum(np.diff(recall) * tp / (tp + fp))
    tpr, fpr = recall, np.concatenate([[0], fp / neg])
    auroc = np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2)
    if roc_auc_score:
        close(auroc, roc_auc_score(truth, score), "roc_auc_score")
        close(ap, average_precision_score(truth, score), "average_precision_score")
    at = int(np.argmax(tp + fp >= pos))
    tp0, n0 = (tp[at - 1], tp[at - 1] + fp[at - 1]) if at else (0, 0)
    early = (tp0 + (pos - n0) * (tp[at] - tp0) / (tp[at] + fp[at] - n0)) / pos
    return auroc, ap, early, max(0.5, np.max(tpr + 1 - fpr) / 2)


def same(found, truth, score, what):
    wanted = ranking(truth, score)
    assert found["pairs"] == len(truth) and found["edges"] == truth.sum(), (what, found, len(truth), truth.sum())
    for key, value in zip(("auroc", "auprc", "early_precision", "best_balanced_accuracy"), wanted):
        close(found[key], value, (what, key))
    close(found["early_precision_ratio"], wanted[2] / truth.mean(), (what, "ratio"))


class Case:
    """A run as anndata has it, a made-up gold standard and a prior."""

    def __init__(self, path, include_self=False):
        a = anndata.read_h5ad(path)
        self.names = list(a.var_names) + list(a.uns["lazynet"]["unmeasured_regulators"])
        self.n = a.n_vars
        support = np.array(list(a.var["regulator_support"]) + list(a.uns["lazynet"]["unmeasured_support"])) > 0
        self.m = {}
        for s in ("mean", "sd", "selected"):
            m = a.varp["consensus_" + s]
            m = np.asarray(m.todense() if hasattr(m, "todense") else m)
            self.m[s] = np.hstack([m, np.asarray(a.varm[f"consensus_{s}_unmeasured"])]) * support
        rng = np.random.default_rng(3)
        shape = self.m["mean"].shape
        self.allowed = np.ones(shape, bool)
        self.allowed[np.arange(self.n), np.arange(self.n)] = include_self
        self.truth = (rng.random(shape) < 0.08) * rng.choice([-1, 1], shape) * self.allowed
        self.prior = np.where(rng.random(shape) < 0.7, self.truth, 0)
        self.prior[(rng.random(shape) < 0.03) & self.allowed & (self.prior == 0)] = 1

    def write(self, path, matrix, header=""):
        with open(path, "w") as out:
            out.write(header)
            for name in self.names:  # every gene is known, also one without edges
                out.write(f"{name}\t{self.names[0]}\t0\n")
            for i, j in np.argwhere(matrix):
                out.write(f"{self.names[j]}\t{self.names[i]}\t{matrix[i, j]}\n")

    def scores(self):
        mean, sd = np.float32(np.abs(self.m["mean"])), np.float32(self.m["sd"])
        total = (mean * self.allowed).sum(1, dtype=float, keepdims=True)
        return {"certainty": np.divide(mean, sd, out=np.zeros_like(mean), where=sd > 0), "effect": mean,
                "share": np.float32(np.divide(mean, total, out=np.zeros(mean.shape), where=total > 0)),
                "selected": np.float32(self.m["selected"]) * ((mean != 0) | (sd != 0))}


def check_case(run, include_self=False):
    case = Case(run, include_self)
    case.write("gold.tsv", case.truth)
    case.write("prior.tsv", case.prior, "regulator\ttarget\tweight\n")
    flags = ["--include-self"] if include_self else []
    found, told = evaluate(run, "--gold", "gold.tsv", "--prior", "prior.tsv", "--csv", "s.csv", "--overwrite", *flags)
    allowed, prior = case.allowed, (case.prior != 0)
    assert found["pairs"] == allowed.sum() and found["prior_edges"] == prior.sum()
    assert found["prior_edges_true"] == (prior & (case.truth != 0)).sum()
    for name, score in case.scores().items():
        for stratum, mask in (("all", allowed), ("outside_prior", allowed & ~prior), ("within_prior", prior)):
            same(found["predicted"][stratum][name], case.truth[mask] != 0, score[mask], (run, name, stratum))
    same(found["prior"]["all"]["effect"], case.truth[allowed] != 0, prior[allowed] * 1.0, "prior")
    mean, truth = case.m["mean"][allowed], case.truth[allowed]
    called = mean != 0
    nonzero = found["predicted"]["nonzero"]
    assert nonzero["edges"] == called.sum()
    close(nonzero["out_degree"], called.sum() / len(case.names), "out-degree")
    close(nonzero["balanced_accuracy"], (called[truth != 0].mean() + (~called[truth == 0]).mean()) / 2, "balanced")
    both = (truth != 0) & called
    close(found["predicted"]["sign_accuracy"], (np.sign(mean[both]) == truth[both]).mean(), "signs")
    rows = list(csv.DictReader(open("s.csv")))
    assert len(rows) == 15 and rows[0]["network"] == "predicted" and rows[-1]["network"] == "prior"
    close(float(rows[0]["auprc"]), found["predicted"]["all"]["certainty"]["auprc"], "csv")
    assert "the prior itself" in told and "Pairs that the prior lacks" in told
    for ranks in (2, 3, 4):
        assert evaluate(run, "--gold", "gold.tsv", "--prior", "prior.tsv", *flags, ranks=ranks)[0] == found, ranks
    return case, found


def check_kinds(run, case, found):
    """The same network as an edge list and as a matrix."""
    keep = [n for n in case.names[:case.n]]
    mean, sd = case.m["mean"][:, :case.n], case.m["sd"][:, :case.n]
    with open("list.tsv", "w") as out:
        out.write("regulator\ttarget\tmean\tsd\tselected\n")
        for i, j in np.argwhere((mean != 0)):
            out.write(f"{keep[j]}\t{keep[i]}\t{mean[i, j]:.9g}\t{sd[i, j]:.9g}\t{case.m['selected'][i, j]:.9g}\n")
    pd.DataFrame(mean.T, index=keep, columns=keep).to_csv("named.csv")
    np.savetxt("nameless.csv", mean.T, delimiter=",", fmt="%.9g")
    open("genes.txt", "w").write("gene\n" + "\n".join(keep) + "\n")
    few = evaluate(run, "--gold", "gold.tsv", "--genes", "genes.txt")[0]
    for path, scores in (("list.tsv", ("certainty", "effect", "share")), ("named.csv", ("effect", "share")),
                         ("nameless.csv", ("effect", "share"))):
        other = evaluate(path, "--gold", "gold.tsv", "--genes", "genes.txt", "--compare", run)[0]
        for score in scores:
            assert other["predicted"]["all"][score] == few["predicted"]["all"][score], (path, score)
            assert other["compared"]["all"][score] == few["predicted"]["all"][score], (path, score)
    # A list that names little is judged on all pairs of the gold standard, not on those it names.
    open("short.tsv", "w").write(f"{keep[1]}\t{keep[2]}\t1\n")
    short = evaluate("short.tsv", "--gold", "gold.tsv")[0]
    assert short["pairs"] == len(case.names) * (len(case.names) - 1) and short["predicted"]["nonzero"]["edges"] == 1
    assert short["predicted"]["all"]["effect"]["edges"] == (case.truth != 0).sum()


def check_choices(run, case):
    gold = evaluate(run, "--gold", "gold.tsv", "--regulators", "gold", "--targets", "gold")[0]
    regulators, targets = (case.truth != 0).any(0), (case.truth != 0).any(1)
    assert gold["regulators"] == regulators.sum() and gold["targets"] == targets.sum()
    supported = evaluate(run, "--gold", "gold.tsv", "--regulators", "supported", "--score", "effect")[0]
    assert list(supported["predicted"]["all"]) == ["effect"] and supported["regulators"] < len(case.names)
    two = evaluate(run, "--gold", "gold.tsv", "--regulators", ",".join(case.names[:2]))[0]
    assert two["regulators"] == 2


def check_refusals(run):
    open("other.tsv", "w").write("ENSG1\tENSG2\n")
    for words, reason in (([run], "no gold standard"), ([], "no predicted network"),
                          ([run, "--gold", "other.tsv"], "none of its 1 edges joins genes that"),
                          ([run, "--gold", "nowhere.tsv"], "nowhere.tsv: no such file"),
                          ([run, "--gold", "gold.tsv", "--score", "luck"], "--score luck: expected certainty"),
                          ([run, "--gold", "gold.tsv", "--csv", "s.csv"], "s.csv exists"),
                          ([run, "--gold", "gold.tsv", "-o", "x"], "--csv and --json instead"),
                          (["nameless.csv", "--gold", "gold.tsv"], "a matrix without names; give the genes' names")):
        told = evaluate(*words, code=2, ranks=2)
        assert reason in told, (words, told)
    assert "no predictions named" in mpi(1, os.environ["LAZYNET"], "evaluate", code=2)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    write("dense.h5ad", genes=37, unmeasured=5)
    case, found = check_case("dense.h5ad")
    check_kinds("dense.h5ad", case, found)
    check_choices("dense.h5ad", case)
    check_refusals("dense.h5ad")
    check_case("dense.h5ad", include_self=True)
    write("sparse.h5ad", genes=40, unmeasured=3, top=9)
    check_case("sparse.h5ad")
