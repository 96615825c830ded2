#!/usr/bin/python3
"""Input that cannot be used: exit code 2, one message, which names the file, the field and what to do. Never a crash."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screens import *  # noqa: E402,F403

x = counts()


def refused(file, *words, args=()):
    code, got, text = inspect(file, *args)
    name = os.path.basename(file)
    check(code == 2, f"{name} {args}: exit code {code}\n{text}")
    for word in (file, *words):
        check(word in text, f"{name} {args}: '{word}' is not in\n{text}")
    check("internal error" not in text and "HDF5-DIAG" not in text, f"{name}: {text}")
    check(got.get("would_train") is False and len(got["problems"]) >= 1, f"{name}: JSON {got.get('problems')}")
    return got


def altered(name, change, matrix=None):
    file = write(name, sp.csr_matrix(x) if matrix is None else matrix)
    with h5py.File(file, "a") as f:
        change(f)
    return file


# files
refused(path("nowhere.h5ad"), "no such file")
open(path("text.h5ad"), "w").write("not a matrix\n" * 50)
refused(path("text.h5ad"), "not an HDF5 file")
open(path("empty.h5ad"), "w").close()
refused(path("empty.h5ad"), "not an HDF5 file")
whole = write("whole.h5ad", sp.csr_matrix(x), compression="gzip")
data = open(whole, "rb").read()
for share in (0.3, 0.6, 0.95):
    open(path("cut.h5ad"), "wb").write(data[: int(len(data) * share)])
    refused(path("cut.h5ad"), "truncated")
with h5py.File(path("other.h5"), "w") as f:
    f["weights"] = np.ones(3)
refused(path("other.h5"), "no matrix 'X'")


# a chunk overwritten with zeros: found by a scan at the latest
def damage(f):
    d = f["X/data"]
    damage.at, damage.size = d.id.get_chunk_info(0).byte_offset, d.id.get_chunk_info(0).size


file = write("damaged.h5ad", sp.csr_matrix(x), compression="gzip")
with h5py.File(file, "r") as f:
    damage(f)
with open(file, "r+b") as f:
    f.seek(damage.at)
    f.write(b"\0" * damage.size)
refused(file, "X/data", "damaged")

# matrices
refused(whole, "layers/nope", "--layer", args=("--layer", "nope"))
refused(whole, "raw/X", "--layer", args=("--layer", "raw"))


def cut_data(f):
    values = f["X/data"][:-5]
    del f["X/data"]
    f["X/data"] = values


refused(altered("short_data.h5ad", cut_data), "X/data", "truncated")


def wrong_shape(f):
    f["X"].attrs["shape"] = np.array([CELLS + 4, GENES])


refused(altered("wrong_shape.h5ad", wrong_shape), "X/indptr", "101 cells")


def wild_index(f):
    f["X/indices"][7] = 4000


refused(altered("wild_index.h5ad", wild_index), "X/indices", "4000")


def no_indices(f):
    del f["X/indices"]


refused(altered("no_indices.h5ad", no_indices), "X/indices")


def no_var(f):
    del f["var"]


got = refused(altered("no_var.h5ad", no_var), "no table 'var'")
check(got["pert_col"] == "condition" and got["normalization"] == "counts", "the rest must still be reported")


def cube(f):
    del f["X"]
    f["X"] = np.ones((3, 3, 3))


refused(altered("cube.h5ad", cube), "3 dimensions")
refused(write("no_cells.h5ad", np.zeros((0, GENES), np.float32)), "0 cells")
refused(write("zeros.h5ad", np.zeros((CELLS, GENES), np.float32)), "zero")


def unknown_filter(f):
    values = f["X/data"][:]
    del f["X/data"]
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((len(values),))
    plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    space = h5py.h5s.create_simple((len(values),))
    d = h5py.h5d.create(f["X"].id, b"data", h5py.h5t.IEEE_F32LE, space, plist)
    d.write_direct_chunk((0,), values.tobytes(), 0)


refused(altered("zstd.h5ad", unknown_filter), "X/data", "filter 32015 (zstd)", "gzip")

# values
for name, value, words in (("nan", np.nan, ("nan",)), ("negative", -1.5, ("-1.5 is negative", "scaled"))):
    bad = x.copy()
    bad[60, 9] = value
    refused(write(name + ".h5ad", sp.csr_matrix(bad)), "cell 60", "gene G9", *words)
    refused(write(name + "_dense.h5ad", bad), "G9", *words, args=("--scan",))
refused(write("scaled.h5ad", x / 3 * 40), "not log-transformed")
late = np.tile(counts(genes=20), (40, 50))  # far more values than a sample looks at
late[3001, 777] = -2
file = write("late.h5ad", sp.csr_matrix(late), condition=["ctrl", "G1"] * (late.shape[0] // 2))
code, got, text = inspect(file)
check(code == 0, f"a sample need not find one bad value: {text}")
refused(file, "cell 3001", "gene G777", "-2 is negative", args=("--scan",))
half = x.copy()
half[50, 3] = 1.5
refused(write("half.h5ad", sp.csr_matrix(half)), "not an integer", "--normalization log1p", args=("--normalization", "counts"))

# genes
a = adata(sp.csr_matrix(x))
a.var.index = ["TBCE", "TBCE", "HSPA14", "HSPA14"] + gene_names()[4:]
a.write_h5ad(path("duplicates.h5ad"))
got = refused(path("duplicates.h5ad"), "TBCE, HSPA14", "--duplicate-genes")
check(got["pert_col"] == "condition", "labels must still be reported")
refused(whole, "no column 'nope'", args=("--gene-names", "nope"))
open(path("strangers.txt"), "w").write("Q1\nQ2\n")
refused(whole, "none of its 2 names", args=("--genes", path("strangers.txt")))

# labels
refused(whole, "--pert-col guide", "condition, quality", args=("--pert-col", "guide"))
refused(whole, "--context-col line", "condition, quality", args=("--context-col", "line"))
refused(whole, "no control label", "'ctrl' (25)", "--control", args=("--control", "mock"))
refused(write("no_control.h5ad", sp.csr_matrix(x), ["A", "B"] * 48 + ["A"]), "no control label", "'A' (49)", "'B' (48)", "--control")
refused(whole, "no perturbation has 21 cells", "has 20", "--min-cells-per-perturbation", args=("--min-cells-per-perturbation", "21"))
refused(whole, "only 25 control cells", args=("--min-cells-per-perturbation", "26"))
refused(whole, "no column 'umi'", args=("--where", "umi>3"))
refused(whole, "COLUMN OP VALUE", args=("--where", "quality"))
refused(whole, "--duplicate-genes some", args=("--duplicate-genes", "some"))


def short_column(f):
    del f["obs/condition/codes"]
    f["obs/condition/codes"] = np.zeros(5, np.int8)


refused(altered("short_column.h5ad", short_column), "obs/condition", "5 rows")

# text
open(path("ragged.csv"), "w").write("cell,condition,G1,G2\na,ctrl,1,2\nb,G1,3\n")
refused(path("ragged.csv"), "line 3")
open(path("words.csv"), "w").write("cell,condition,G1,G2\na,ctrl,1,2\nb,G1,3,x\n")
refused(path("words.csv"), "line 3", "'G2'", "'x'")
os.mkdir(path("half_folder"))
open(path("half_folder/matrix.mtx"), "w").write("%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 1 3\n")
refused(path("half_folder"), "features.tsv")
open(path("half_folder/features.tsv"), "w").write("g1\tG1\ng2\tG2\n")
open(path("half_folder/barcodes.tsv"), "w").write("a\nb\n")
refused(path("half_folder"), "1 entries", "says 2", "truncated")
with gzip.open(path("whole.csv.gz"), "wt") as f:
    f.write("cell,condition,G1\n" + "".join(f"c{i},ctrl,{i * 7919 % 101}\n" for i in range(5000)))
open(path("cut.csv.gz"), "wb").write(open(path("whole.csv.gz"), "rb").read()[:4000])
refused(path("cut.csv.gz"), "truncated")

# the command line itself
code, out, err = run("inspect")
check(code == 2 and "no input file" in err, err)
code, out, err = run("inspect", whole, "--pert-column", "x")
check(code == 2 and "pert-column" in err, err)
code, out, err = run("inspect", whole, "--json", path("no/such/folder.json"))
check(code == 2 and "no folder" in err, err)

finish()
