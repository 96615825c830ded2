#!/usr/bin/python3
"""train_screens.py: many screens in one run. Results of every screen are those of training it alone, on any number of ranks;
the comparison is numpy's second opinion; bad screens are refused together or left out; list files; stops and resumes."""
import filecmp
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
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
RUN = ["--replicas", "3", "--quiet"]


def lazynet(*words, ranks=1, code=0):
    done = subprocess.run([os.environ["MPIEXEC"], "-n", str(ranks), os.environ["LAZYNET"]] + [str(w) for w in words],
                          timeout=150, capture_output=True, text=True)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def same(a, b):
    assert filecmp.cmp(a, b, shallow=False), f"{a} and {b} differ"


def make_screens():
    """a and b are halves of one screen, with genes of their own each; c has another network, other genes and cells."""
    lazynet("simulate", "screen", "-o", "whole.h5ad", "--cells", 3000, "--genes", 100, "--perturbations", 20, "--doubles", 6,
            "--depth", 20000, "--unmeasured-share", 0.15, "--seed", 4, "--quiet")
    lazynet("simulate", "screen", "-o", "c.h5ad", "--cells", 2000, "--genes", 110, "--perturbations", 40, "--seed", 9, "--quiet")
    whole = anndata.read_h5ad("whole.h5ad")
    half = np.random.default_rng(0).permutation(whole.n_obs) % 2 == 0
    whole[half, :90].copy().write_h5ad("a.h5ad")
    b = whole[~half, list(whole.var_names[:9:-1])].copy()  # in another order
    b.obs = b.obs.rename(columns={"perturbation": "which"})
    b.write_h5ad("b.h5ad")
    open("list.txt", "w").write('# three screens\n\na.h5ad\n"b.h5ad"  pert-col=which name=second\nc.h5ad min-cells-per-perturbation=20\n')


def check_bytes():
    """Alone, and together on 1 to 4 ranks."""
    lazynet("train", "a.h5ad", "-o", "alone_a.h5ad", *RUN)
    lazynet("train", "b.h5ad", "-o", "alone_second.h5ad", "--pert-col", "which", *RUN)
    lazynet("train", "c.h5ad", "-o", "alone_c.h5ad", "--min-cells-per-perturbation", 20, *RUN)
    for ranks in (1, 2, 3, 4):
        lazynet("train", "--screens", "list.txt", "-o", f"out{ranks}", "--json", f"out{ranks}.json", *RUN, ranks=ranks)
        for name in ("a", "second", "c"):
            same(f"alone_{name}.h5ad", f"out{ranks}/{name}.h5ad")
        for name in ("cross_screen.h5ad", "cross_screen.tsv.gz"):
            same(f"out1/{name}", f"out{ranks}/{name}")
    assert sorted(x for x in os.listdir("out4") if not x.endswith(".log.json")) == [
        "a.h5ad", "c.h5ad", "cross_screen.h5ad", "cross_screen.tsv.gz", "second.h5ad"]
    told = json.load(open("out3.json"))
    assert [s["name"] for s in told["screens"]] == ["a", "second", "c"]
    alone = json.loads(open("out1.json").read())
    for one, other in zip(told["screens"], alone["screens"]):
        assert one["result"]["held_out"] == other["result"]["held_out"]
    assert sum(g["ranks"] for g in told["schedule"]) == 3
    assert sorted(n for g in told["schedule"] for n in g["screens"]) == ["a", "c", "second"]
    lazynet("compare", "out2/a.h5ad", "out2/second.h5ad", "out2/c.h5ad", "-o", "again", "--quiet", ranks=2)
    for name in ("cross_screen.h5ad", "cross_screen.tsv.gz"):
        same(f"out1/{name}", f"again/{name}")
    return told["comparison"]


class Run:
    def __init__(self, path):
        run = anndata.read_h5ad(path)
        self.targets = list(run.var_names)
        self.regulators = self.targets + list(run.uns["lazynet"]["unmeasured_regulators"])
        support = np.r_[run.var["regulator_support"], run.uns["lazynet"]["unmeasured_support"]]
        self.supported = {r for r, n in zip(self.regulators, support) if n > 0}
        tables = {}
        for what in ("mean", "sd", "sign"):
            x = np.asarray(run.varp[f"consensus_{what}"])
            if len(self.regulators) > len(self.targets):
                x = np.hstack([x, np.asarray(run.varm[f"consensus_{what}_unmeasured"])])
            tables[what] = pd.DataFrame(x.astype(float), self.targets, self.regulators)
        self.mean, self.sd, self.sign = tables["mean"], tables["sd"], tables["sign"]


def naive(runs):
    """Every pair on its own."""
    targets = list(dict.fromkeys(g for r in runs for g in r.targets))
    regulators = list(dict.fromkeys(targets + [g for r in runs for g in r.regulators]))
    rows = []
    for t in targets:
        for j in regulators:
            able = [k for k, r in enumerate(runs) if t != j and t in r.targets and j in r.supported]
            if not able:
                continue
            m = np.array([runs[k].mean.at[t, j] for k in able])
            s = np.array([runs[k].sd.at[t, j] for k in able])
            agree = np.array([runs[k].sign.at[t, j] for k in able])
            certain = (s > 0) & (np.abs(m) >= 3 * s) & (agree >= 0.8)
            w = 1 / s[s > 0] ** 2
            mean = (w * m[s > 0]).sum() / w.sum() if len(w) else 0
            q = (w * (m[s > 0] - mean) ** 2).sum()
            kind = "uncertain"
            if certain.sum() > 1:
                kind = "shared" if len(set(np.sign(m[certain]))) == 1 else "opposite"
            elif certain.sum() == 1:
                kind = "untestable"
                if len(able) > 1:
                    own = int(np.flatnonzero(certain)[0])
                    rest = np.arange(len(able)) != own
                    v = 1 / (1 / s[rest] ** 2).sum()
                    other = v * (m[rest] / s[rest] ** 2).sum()
                    kind = "private" if abs(m[own] - other) >= 3 * np.sqrt(s[own] ** 2 + v) else "unclear"
            rows.append((j, t, kind, len(able), certain.sum(), mean, 1 / np.sqrt(w.sum()) if len(w) else 0, q,
                         np.sqrt(((m / s)[s > 0] ** 2).sum()), [runs[k].mean.at[t, j] if k in able else np.nan for k in range(len(runs))]))
    return pd.DataFrame(rows, columns=["regulator", "target", "class", "estimable", "certain", "mean", "sd", "q", "evidence", "means"])


def check_comparison(told):
    runs = [Run(f"out1/{name}.h5ad") for name in ("a", "second", "c")]
    wanted = naive(runs)
    assert told["pairs"] == {k: int((wanted["class"] == k).sum()) for k in told["pairs"]}, told["pairs"]
    assert told["pairs"]["shared"] > 20 and told["pairs"]["untestable"] > 0, told["pairs"]
    found = pd.read_csv("out1/cross_screen.tsv.gz", sep="\t")
    listed = wanted[wanted["class"] != "uncertain"].set_index(["regulator", "target"])
    assert len(found) == len(listed) == told["edges_listed"]
    assert (np.diff(found.evidence) <= 1e-5).all()
    listed = listed.loc[list(zip(found.regulator, found.target))]
    assert list(listed["class"]) == list(found["class"])
    assert (listed.estimable.values == found.screens_estimable.values).all()
    assert (listed.certain.values == found.screens_certain.values).all()
    for name in ("mean", "sd", "q", "evidence"):
        assert np.allclose(listed[name], found[name], rtol=1e-4, atol=1e-6), name
    assert np.allclose(np.array(list(listed.means)), found[["mean_a", "mean_second", "mean_c"]].values, rtol=1e-5, equal_nan=True)
    f = anndata.read_h5ad("out1/cross_screen.h5ad")
    assert list(f.obs_names) == ["a", "second", "c"] and list(f.var_names) == list(dict.fromkeys(g for r in runs for g in r.targets))
    at = wanted.set_index(["regulator", "target"])
    mean = sp.coo_matrix(f.varp["cross_mean"])
    kinds = list(f.uns["lazynet"]["classes"])
    classes = sp.csr_matrix(f.varp["cross_class"])
    some = 0
    for i, j, x in zip(mean.row, mean.col, mean.data):
        key = (f.var_names[j], f.var_names[i])
        if key in at.index:
            assert abs(at.at[key, "mean"] - x) < 1e-5 and kinds[int(classes[i, j])] == at.at[key, "class"], key
            some += x != 0
    assert some > 500
    shared = wanted[wanted["class"] == "shared"]
    assert f.var["shared_as_target"].sum() == len(shared)
    assert f.var["shared_as_regulator"].sum() == shared.regulator.isin(f.var_names).sum()
    # The halves of one screen agree, those of different networks do not.
    pair = {tuple(p["screens"]): p for p in told["by_pair"]}
    a, b = runs[0], runs[1]
    keys = [(t, j) for t in a.targets for j in a.regulators if t != j and t in b.targets and j in a.supported & b.supported]
    x = [[r.mean.at[k] for k in keys] for r in (a, b)]
    both = pair["a", "second"]
    assert both["joint"] == len(keys) and abs(np.corrcoef(x)[0, 1] - both["correlation"]) < 1e-6
    assert both["correlation"] > 0.7 > 0.4 > both["baseline"], both
    assert pair["a", "c"]["correlation"] < 0.3 and both["shared"] > pair["a", "c"]["shared"], pair
    assert np.allclose(np.asarray(f.obsp["correlation"])[0, 1], both["correlation"])
    assert np.asarray(f.obsp["shared"])[0, 1] == both["shared"] and f.obs["certain"][0] == told["by_screen"][0]["certain"]


def check_bad_screens():
    a = anndata.read_h5ad("a.h5ad")
    a[a.obs.perturbation != "control"].copy().write_h5ad("nocontrols.h5ad")
    twice = np.r_[np.arange(a.n_obs), np.arange(a.n_obs)]
    late = a[twice].copy()
    late.obs_names_make_unique()
    late.X = late.X.toarray() if sp.issparse(late.X) else np.array(late.X)
    late.X[1501, 5] = np.nan  # in a cell that the look at the file before training passes over
    late.write_h5ad("late.h5ad")
    four = ["train", "a.h5ad", "none.h5ad", "c.h5ad", "nocontrols.h5ad", "-o", "bad"]
    for ranks in (1, 3):
        told = lazynet(*four, *RUN, ranks=ranks, code=2)
        assert "2 of 4 screens cannot be trained on" in told and "none.h5ad" in told and "nocontrols" in told, told
        assert told.count("lazynet: ") == 1 and not [x for x in os.listdir("bad") if x.endswith(".h5ad")], told
    told = lazynet(*four, "--skip-bad", *RUN, ranks=3)
    assert "'none' is left out" in told and "'nocontrols' is left out" in told, told
    same("alone_a.h5ad", "bad/a.h5ad")
    assert os.path.exists("bad/cross_screen.h5ad") and not os.path.exists("bad/nocontrols.h5ad")
    for ranks in (1, 2, 3):
        told = lazynet("train", "a.h5ad", "late.h5ad", "-o", f"late{ranks}", *RUN, ranks=ranks, code=2)
        assert told.count("lazynet: ") == 1 and "screen 'late'" in told and "late.h5ad" in told, told
        told = lazynet("train", "a.h5ad", "late.h5ad", "-o", f"late{ranks}", "--overwrite", "--skip-bad", "--json", "late.json",
                       *RUN, ranks=ranks)
        assert "left out" in told, told
        same("alone_a.h5ad", f"late{ranks}/a.h5ad")
        assert not os.path.exists(f"late{ranks}/late.h5ad")
        assert "late.h5ad" in json.load(open("late.json"))["screens"][1]["problem"]
    told = lazynet("train", "none.h5ad", "nocontrols.h5ad", "-o", "bad", "--skip-bad", "--overwrite", *RUN, code=2)
    assert "2 of 2 screens cannot be trained on" in told


def check_lists():
    os.makedirs("x", exist_ok=True)
    os.makedirs("y", exist_ok=True)
    for folder in ("x", "y"):
        if not os.path.exists(f"{folder}/s.h5ad"):
            os.link("a.h5ad", f"{folder}/s.h5ad")
    told = lazynet("train", "x/s.h5ad", "y/s.h5ad", "--dry-run", "--replicas", 3, "--json", "dry.json", ranks=2)
    assert "[x_s] " in told and "[y_s] " in told and "peak memory per rank" in told and "expected balance" in told, told
    dry = json.load(open("dry.json"))
    assert [s["result"]["forecast"] for s in dry["screens"]] == [True, True] and dry["expected_balance"] > 0.9
    open("wrong.txt", "w").write("a.h5ad replicas=3\n")
    assert "wrong.txt: line 1: 'replicas=3'" in lazynet("train", "--screens", "wrong.txt", "-o", "w", code=2)
    open("wrong.txt", "w").write("a.h5ad name=one\nc.h5ad name=one\n")
    assert "both be named 'one'" in lazynet("train", "--screens", "wrong.txt", "-o", "w", code=2)
    assert "is a folder" in lazynet("train", "a.h5ad", "-o", "out1", code=2)
    assert not os.path.exists("w")


def check_stop_and_resume():
    """A signal to one rank stops both groups; what is done is not done again, and the bytes are the same."""
    words = ["train", "x/s.h5ad", "y/s.h5ad", "--fit", "steps", "--epochs", 300, "--l2", 0.01, "--replicas", 6, "--patience", 300]
    lazynet(*words, "-o", "whole", "--quiet", ranks=2)
    run = subprocess.Popen([os.environ["MPIEXEC"], "-n", "2", os.environ["LAZYNET"], *map(str, words), "-o", "part",
                            "--checkpoint", "saves", "--checkpoint-epochs", "50", "--quiet"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    for _ in range(600):
        if all(os.path.isdir(f"saves/{n}") and any(x.endswith(".DONE") for x in os.listdir(f"saves/{n}")) for n in ("x_s", "y_s")):
            break
        time.sleep(0.05)
    ranks = [int(p) for p in subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True).stdout.split()]
    assert len(ranks) == 2, ranks
    os.kill(ranks[1], signal.SIGUSR1)
    told = run.communicate(timeout=100)[0]
    if run.returncode == 0:
        print("the run was over before it could be stopped")
    else:
        assert run.returncode == 85 and told.count("stopped on request") == 1 and "--resume" in told, (run.returncode, told)
    lazynet(*words, "-o", "part", "--checkpoint", "saves", "--resume", "--quiet", ranks=3)
    for name in ("x_s.h5ad", "y_s.h5ad", "cross_screen.h5ad"):
        same(f"whole/{name}", f"part/{name}")
    told = lazynet(*words, "-o", "part", "--checkpoint", "saves", "--resume")
    assert told.count("done already") >= 2, told


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    make_screens()
    check_comparison(check_bytes())
    check_bad_screens()
    check_lists()
    check_stop_and_resume()
    print("many screens: all is well")
