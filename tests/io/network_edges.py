#!/usr/bin/python3
"""network_edges.py <write_run>: `lazynet network` exports exactly the edges that numpy finds in the run, in order."""
import gzip
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runs import *  # noqa: E402,F403

HEADER = "regulator\ttarget\tmean\tsd\tsign_agreement\tselected"


def network(ranks, run, *words, code=0):
    return mpi(ranks, os.environ["LAZYNET"], "network", run, *words, code=code)


def read(path):
    lines = (gzip.open if path.endswith(".gz") else open)(path, "rt").read().split("\n")
    assert lines[0] == HEADER and lines[-1] == ""
    return [tuple(line.split("\t")) for line in lines[1:-1]]


def expected(run, regulators=None, targets=None, min_certainty=0.0, include_self=False):
    """From anndata, in plain Python: (regulator, target, mean, sd, sign, selected) in the order of the list."""
    a = anndata.read_h5ad(run)
    dense = {}
    for name in ("mean", "sd", "sign", "selected"):
        m = a.varp["consensus_" + name]
        m = m.toarray() if hasattr(m, "toarray") else m
        dense[name] = np.hstack([m, np.asarray(a.varm[f"consensus_{name}_unmeasured"])])
    names = list(a.var_names) + list(a.uns["lazynet"]["unmeasured_regulators"])
    support = list(a.var["regulator_support"]) + list(a.uns["lazynet"]["unmeasured_support"])
    edges = []
    for i, j in np.argwhere((dense["mean"] != 0) | (dense["sd"] != 0)):
        mean, sd = float(dense["mean"][i, j]), float(dense["sd"][i, j])
        sure = abs(mean) / sd if sd > 0 else 0.0
        if (support[j] == 0 or sure < min_certainty or (i == j and not include_self)
                or (regulators and names[j] not in regulators) or (targets and names[i] not in targets)):
            continue
        edges.append((-sure, -abs(mean), i, j, (names[j], names[i], mean, sd, dense["sign"][i, j], dense["selected"][i, j])))
    return [e[4] for e in sorted(edges)]


def same(found, wanted):
    assert len(found) == len(wanted), (len(found), len(wanted))
    for f, w in zip(found, wanted):
        assert f[:2] == w[:2] and tuple(np.float32(x) for x in f[2:]) == tuple(np.float32(x) for x in w[2:]), (f, w)


def check_run(run):
    everything = expected(run)
    assert len(everything) > 100
    network(1, run, "--edges", "all.tsv", "--json", "all.json")
    same(read("all.tsv"), everything)
    figures = json.load(open("all.json"))
    assert figures["edges_written"] == figures["edges_passing"] == len(everything) and figures["genes"] == 37
    for ranks in (2, 3, 4):
        network(ranks, run, "--edges", "more.tsv", "--json", "more.json", "--overwrite")
        assert open("more.tsv", "rb").read() == open("all.tsv", "rb").read()
        assert open("more.json", "rb").read() == open("all.json", "rb").read()
    for top, ranks in ((1, 3), (7, 1), (100, 4)):
        network(ranks, run, "--edges", "top.tsv", "--top", top, "--overwrite")
        same(read("top.tsv"), everything[:top])
    network(3, run, "--edges", "self.tsv", "--top", 0, "--include-self", "--overwrite")
    same(read("self.tsv"), expected(run, include_self=True))
    assert len(read("self.tsv")) > len(everything)
    network(2, run, "--edges", "sure.tsv", "--min-certainty", 4.5, "--overwrite")
    same(read("sure.tsv"), expected(run, min_certainty=4.5))
    for packed in ("a.tsv.gz", "b.tsv.gz"):
        network(2, run, "--edges", packed, "--overwrite")
    same(read("a.tsv.gz"), everything)
    assert open("a.tsv.gz", "rb").read() == open("b.tsv.gz", "rb").read()


def check_choices(run):
    open("targets.txt", "w").write("gene4\ngene20 a comment\n\nnobody\n")
    told = network(2, run, "--edges", "some.tsv", "--regulators", "gene1,other2,gene3", "--targets", "targets.txt",
                   "--overwrite")
    same(read("some.tsv"), expected(run, regulators=["gene1", "other2"], targets=["gene4", "gene20"]))
    assert "1 names are not in this run, like 'nobody'" in told, told
    told = network(2, run, "--edges", "dry.tsv", "--dry-run")
    assert not os.path.exists("dry.tsv") and "would be written" in told


def check_refusals(run):
    for words, reason in ((["--edges", "all.tsv"], "all.tsv exists"), ([], "--edges"),
                          (["--edges", "x.tsv", "--targets", "nobody"], "none of its 1 names is in this run"),
                          (["--edges", "x.tsv", "--top", "-1"], "must not be negative"),
                          (["--edges", "nowhere/x.tsv"], "there is no folder"), (["--edge", "x.tsv"], "--edge")):
        told = network(1, run, *words, code=2)
        assert reason in told, (words, told)
    a = anndata.read_h5ad(run)
    del a.varp["consensus_mean"]
    a.write_h5ad("none.h5ad")
    assert "holds no consensus matrix" in network(1, "none.h5ad", "--edges", "x.tsv", code=2)
    a = anndata.read_h5ad(run)
    del a.varp["consensus_selected"]
    a.write_h5ad("part.h5ad")
    assert "part.h5ad: there is no varp/consensus_selected" in network(2, "part.h5ad", "--edges", "x.tsv", code=2)
    open("text.h5ad", "w").write("no")
    assert "text.h5ad: this is not an HDF5 file" in network(1, "text.h5ad", "--edges", "x.tsv", code=2)
    assert not os.path.exists("x.tsv") and not [f for f in os.listdir() if "tmp" in f]


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    write("dense.h5ad")
    write("sparse.h5ad", top=20)
    for run in ("dense.h5ad", "sparse.h5ad"):
        check_run(run)
        anndata.read_h5ad(run).write_h5ad("again.h5ad", compression="gzip")  # the file survives anndata
        network(2, "again.h5ad", "--edges", "again.tsv", "--overwrite")
        assert open("again.tsv").read() == open("all.tsv").read()
        for name in os.listdir():
            if not name.endswith("h5ad"):
                os.remove(name)
    check_choices("sparse.h5ad")
    network(1, "dense.h5ad", "--edges", "all.tsv")
    check_refusals("dense.h5ad")
print("all edges as expected")
