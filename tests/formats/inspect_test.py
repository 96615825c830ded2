#!/usr/bin/python3
"""`lazynet inspect`: what it says must be what pandas counts, and it must end in 0 exactly where a screen would train."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screens import *  # noqa: E402,F403

x = counts()
logs = np.log1p(x / np.maximum(x.sum(1, keepdims=True), 1) * 1e4)

code, got, text = inspect(write("plain.h5ad", sp.csr_matrix(x), compression="gzip"), "--scan")
check(code == 0, f"plain: exit code {code}\n{text}")
expected = {
    "format": "h5ad", "layout": "csr", "storage": "float32, gzip", "cells": CELLS, "genes": GENES, "stored": int((x != 0).sum()),
    "normalization": "counts", "gene_names_from": "var/_index", "pert_col": "condition", "separators": ["+"],
    "controls": [{"label": "ctrl", "cells": 25}], "control_cells": 25, "cells_used": 85, "perturbations": 3,
    "perturbations_by_size": [0, 2, 1], "unmeasured": ["Q9"], "left_out": [{"label": "perturbation label 'nan'", "cells": 12}],
    "would_train": True, "problems": [], "zeros_exact": True,
}
for key, value in expected.items():
    check(got.get(key) == value, f"plain: {key} is {got.get(key)}, expected {value}")
check(abs(got["zeros"] - (x == 0).mean()) < 1e-12, "zeros")
check(got["scan"]["nonzero"] == (x != 0).sum() and got["scan"]["sum"] == x.sum() and got["scan"]["empty_cells"] == 1, f"scan: {got['scan']}")
check("would train: yes" in text and "Q9" in text, text)

# dense: the share of zeros from the sample (here: every cell)
code, got, text = inspect(write("logs.h5ad", logs))
check(code == 0 and got["normalization"] == "log1p" and got["layout"] == "dense", text)
check(0.5 < got["zeros"] < 0.9, f"zeros {got['zeros']}")

# options, in one go
a = adata(sp.csr_matrix(x), ["AAVS1"] * 30 + ["G1|G2"] * 30 + ["G3"] * 37)
a.obs["line"] = pd.Categorical(["l1", "l2"] * 48 + ["l1"])
a.obs["lane"] = pd.Categorical(np.arange(CELLS) % 3)
a.obs = a.obs.rename(columns={"condition": "what"})
a.write_h5ad(path("options.h5ad"))
code, got, text = inspect(path("options.h5ad"), "--pert-col", "what", "--control", "AAVS1,LacZ", "--separator", "|", "--context-col", "line",
                          "--batch-col", "lane", "--where", "quality>=0.05", "--where", "lane!=2", "--min-cells-per-perturbation", "3")
keep = (a.obs["quality"] >= 0.05) & (a.obs["lane"] != 2)
check(code == 0, text)
check(got["cells_used"] == keep.sum(), f"where: {got['cells_used']} of {keep.sum()}")
check([c["cells"] for c in got["contexts"]] == list(a.obs["line"][keep].value_counts().sort_index()), f"contexts {got['contexts']}")
check([c["label"] for c in got["batches"]] == ["0", "1"], f"batches {got['batches']}")
check(got["perturbations_by_size"] == [0, 1, 1] and got["conditions"] == 4, f"by size {got['perturbations_by_size']}")

# --genes keeps the named and the measured perturbed ones
open(path("keep.txt"), "w").write("G10\nG11\nNOPE\n")
code, got, text = inspect(path("plain.h5ad"), "--genes", path("keep.txt"))
check(code == 0 and got["genes"] == 5 and got["genes_not_found"] == 1, f"--genes: {got.get('genes')} {got.get('genes_not_found')} {text}")

# duplicates
a = adata(sp.csr_matrix(x))
a.var.index = ["TBCE", "TBCE"] + gene_names()[2:]
a.write_h5ad(path("duplicates.h5ad"))
for how, genes in (("first", GENES - 1), ("drop", GENES - 2), ("suffix", GENES)):
    code, got, text = inspect(path("duplicates.h5ad"), "--duplicate-genes", how)
    check(code == 0 and got["genes"] == genes and got["duplicates"] == ["TBCE"], f"{how}: {got['genes']} {text}")

# labels from a file of their own, for 10x folders
folder = path("tenx")
os.mkdir(folder)
scipy.io.mmwrite(os.path.join(folder, "matrix.mtx"), sp.coo_matrix(x.T.astype(np.int32)), field="integer")
open(os.path.join(folder, "features.tsv"), "w").write("".join(f"E{i}\t{g}\tGene Expression\n" for i, g in enumerate(gene_names())))
open(os.path.join(folder, "barcodes.tsv"), "w").write("".join(f"b{i}-1\n" for i in range(CELLS)))
order = np.random.default_rng(2).permutation(CELLS)[:-1]
with open(path("labels.tsv"), "w") as f:
    f.write("barcode\tcondition\n" + "".join(f"b{i}-1\t{labels()[i]}\n" for i in order))
code, got, text = inspect(folder, "--obs", path("labels.tsv"))
left = pd.Series(np.array(labels())[order]).value_counts()
check(code == 0 and got["control_cells"] == left["ctrl"] and got["format"] == "10x mtx", text)
check("1 of 97 cells have no line" in text, text)
code, got, text = inspect(folder)
check(code == 2 and "--obs" in text, f"10x without labels: {text}")

# several ranks answer once
code, out, err = run("inspect", path("plain.h5ad"))
many = subprocess.run([os.environ["MPIEXEC"], "-n", "2", os.environ["LAZYNET"], "inspect", path("plain.h5ad")], capture_output=True, text=True)
check(many.returncode == 0 and many.stdout == out, "2 ranks print what 1 prints")

# config round trip: --print-config is what --config reads
args = ["--where", "quality>0.1", "--where", "quality<0.9", "--control", "ctrl"]
code, out, err = run("inspect", path("plain.h5ad"), *args, "--print-config")
open(path("inspect.cfg"), "w").write(out)
one, two = run("inspect", path("plain.h5ad"), *args), run("inspect", path("plain.h5ad"), "--config", path("inspect.cfg"))
check(one[1] == two[1] and one[0] == 0 and "--where quality<0.9" in one[1], f"config: {out}\n{one[1]}\n{two}")

# the real screens, where they are
shared = os.environ.get("LAZYNET_DATA", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data"))
if os.path.isdir(shared):
    code, got, text = inspect(os.path.join(shared, "papalexi2021/papalexi2021_counts.h5ad"), "--where", "guide_frac>0.6", "--scan")
    check(code == 0 and got["pert_col"] == "target" and got["normalization"] == "counts" and got["batch_col"] == "bio_rep", text)
    a = anndata.read_h5ad(os.path.join(shared, "papalexi2021/papalexi2021_counts.h5ad"))
    good = a[a.obs["guide_frac"] > 0.6]
    check(got["control_cells"] == (good.obs["target"] == "non-targeting").sum() and got["scan"]["sum"] == a.X.sum(dtype=np.float64), text)
    check(got["unmeasured"] == sorted(set(a.obs["target"].cat.categories) - set(a.var_names) - {"non-targeting"}), f"{got['unmeasured']}")
    code, got, text = inspect(os.path.join(shared, "norman_mini/norman_mini.h5ad"), "--scan")
    check(code == 0 and got["context_col"] == "cell_type" and len(got["contexts"]) == 4 and got["normalization"] == "log1p", text)
    check(got["perturbations_by_size"] == [0, 18, 15] and len(got["unmeasured"]) == 30, f"{got['perturbations_by_size']}")
else:
    print("real screens are not here; that part is skipped")

finish()
