#!/usr/bin/python3
"""Every layout, compression and encoding that anndata, h5py and 10x write: the values read must be the values written."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screens import *  # noqa: E402,F403

DUMP = sys.argv[1]


def dump(file, step, *args):
    done = subprocess.run([DUMP, file, str(step), *args], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        check(False, f"{file} {args}: {done.stderr}")
        return None
    return json.loads(done.stdout)


def compare(file, x, layout, *args):
    """All ranges, for reads of 1, 10 and all cells at a time."""
    for step in (1, 10, CELLS):
        got = dump(file, step, *args)
        if got is None:
            return None
        name = f"{os.path.basename(file)} {' '.join(args)} by {step}"
        check(got["layout"] == layout, f"{name}: layout {got['layout']}")
        check((got["cells"], got["genes"]) == x.shape, f"{name}: shape {got['cells']} x {got['genes']}")
        m = sp.csr_matrix((np.array(got["values"], dtype=np.float32), got["indices"], got["offsets"]), shape=x.shape)
        check(np.array_equal(m.toarray(), x.astype(np.float32)), f"{name}: values differ")
        ascending = all(np.all(np.diff(m.indices[a:b]) > 0) for a, b in zip(m.indptr, m.indptr[1:]))
        check(ascending, f"{name}: gene indices do not ascend")
        s = got["sample"]
        check(len(s["values"]) > 0 and np.array_equal(x.astype(np.float32)[s["cells"], s["genes"]], np.array(s["values"], np.float32)),
              f"{name}: the sample is not from the matrix")
    return got


x = counts()
logs = np.log1p(x / np.maximum(x.sum(1, keepdims=True), 1) * 1e4)

# h5ad: layouts x compressions x number types
for kind, make in {"csr": sp.csr_matrix, "csc": sp.csc_matrix, "dense": np.asarray}.items():
    for compression in (None, "gzip", "lzf"):
        for dtype in (np.float32, np.float64, np.int64, np.int32, np.uint16):
            a = adata()
            a.X = make(x.astype(dtype))
            file = path(f"{kind}_{compression}_{np.dtype(dtype).name}.h5ad")
            a.write_h5ad(file, compression=compression)
            got = compare(file, x, kind)
            check(got and got["names"] == gene_names(), f"{file}: gene names")

# lzf chunks that do not shrink are stored raw
noise = np.random.default_rng(5).random((CELLS, GENES)).astype(np.float32)
with h5py.File(write("noise.h5ad"), "a") as f:
    del f["X"]
    f.create_dataset("X", data=noise, chunks=(10, 7), compression="lzf")
compare(path("noise.h5ad"), noise, "dense")

# dense, chunked across rows and columns, with shuffle; values in float64 that need rounding
with h5py.File(write("chunked.h5ad"), "a") as f:
    del f["X"]
    f.create_dataset("X", data=logs.astype(np.float64) / 3, chunks=(7, 5), compression="gzip", shuffle=True)
compare(path("chunked.h5ad"), (logs.astype(np.float64) / 3).astype(np.float32), "dense")

# layers and raw
a = adata(logs)
a.layers["counts"] = sp.csr_matrix(x)
a.layers["wide"] = x * 2
a.raw = anndata.AnnData(sp.csc_matrix(np.hstack([x, x + 1])), obs=a.obs,
                        var=pd.DataFrame(index=gene_names() + [f"R{i}" for i in range(GENES)]), dtype=np.float32)
a.write_h5ad(path("layers.h5ad"))
compare(path("layers.h5ad"), logs, "dense")
compare(path("layers.h5ad"), x, "csr", "--layer", "counts")
compare(path("layers.h5ad"), x * 2, "dense", "--layer", "wide")
got = compare(path("layers.h5ad"), np.hstack([x, x + 1]), "csc", "--layer", "raw")
check(got and got["names"][-1] == "R22" and got["names_from"] == "raw/var/_index", "raw has names of its own")

# indices: int64, unsorted, an entry given twice
for kind, m in (("csr", sp.csr_matrix(x)), ("csc", sp.csc_matrix(x))):
    file = write(f"unsorted_{kind}.h5ad", m.copy())
    data, indices = m.data.copy(), m.indices.astype(np.int64)
    for a, b in zip(m.indptr, m.indptr[1:]):
        data[a:b], indices[a:b] = data[a:b][::-1].copy(), indices[a:b][::-1].copy()
    with h5py.File(file, "a") as f:
        for name in ("data", "indices", "indptr"):
            del f["X"][name]
        f["X/data"], f["X/indices"], f["X/indptr"] = data, indices, m.indptr.astype(np.int64)
    compare(file, x, kind)
twice = x.copy()
with h5py.File(write("twice.h5ad", sp.csr_matrix(x)), "a") as f:
    m = sp.csr_matrix(x)
    for name in ("data", "indices", "indptr"):
        del f["X"][name]
    f["X/data"] = np.append(m.data, m.data[-1])
    f["X/indices"] = np.append(m.indices, m.indices[-1])
    f["X/indptr"] = np.append(m.indptr[:-1], m.indptr[-1] + 1)
last = np.argwhere(x)[-1]
twice[last[0], last[1]] *= 2
compare(path("twice.h5ad"), twice, "csr")

# columns of every encoding
a = adata()
flags = (np.arange(CELLS) % 3 == 0)
words = np.array([f"w{i % 5}" for i in range(CELLS)], dtype=object)
a.obs["flag"] = flags
a.obs["number"] = np.arange(CELLS) / 4
a.obs["whole"] = np.arange(CELLS)
a.obs["word"] = words
a.obs["holes"] = pd.Categorical([None if i % 4 == 0 else f"w{i % 5}" for i in range(CELLS)])
a.obs["numbers"] = pd.Categorical(np.arange(CELLS) % 3 * 10)
a.obs["maybe_whole"] = pd.array([None if i % 4 == 0 else i for i in range(CELLS)], dtype="Int64")
a.obs["maybe_flag"] = pd.array([None if i % 4 == 0 else bool(i % 2) for i in range(CELLS)], dtype="boolean")
a.strings_to_categoricals = lambda *_: None
file = path("columns.h5ad")
a.write_h5ad(file)
with h5py.File(file, "a") as f:
    f["obs"].create_dataset("fixed", data=words.astype("S4"))
    if "word" in f["obs"]:
        del f["obs"]["word"]
    f["obs"].create_dataset("word", data=words, dtype=h5py.string_dtype())
    f["obs"].create_dataset("byte", data=flags.astype(np.int8))
    old = f["obs"].create_group("__categories")
    old.create_dataset("old", data=np.array(["x", "y", "z"], dtype=object), dtype=h5py.string_dtype())
    codes = f["obs"].create_dataset("old", data=(np.arange(CELLS) % 4 - 1).astype(np.int8))
    codes.attrs["categories"] = old["old"].ref
some = ["flag", "number", "whole", "word", "fixed", "byte", "holes", "numbers", "maybe_whole", "maybe_flag", "old", "condition"]
got = compare(file, x, "dense", *some)
expected = {
    "flag": [str(bool(v)) for v in flags],
    "number": [f"{v:g}" for v in np.arange(CELLS) / 4],
    "whole": [str(i) for i in range(CELLS)],
    "word": list(words),
    "fixed": list(words),
    "byte": [str(int(v)) for v in flags],
    "holes": ["" if i % 4 == 0 else f"w{i % 5}" for i in range(CELLS)],
    "numbers": [str(i % 3 * 10) for i in range(CELLS)],
    "maybe_whole": ["" if i % 4 == 0 else str(i) for i in range(CELLS)],
    "maybe_flag": ["" if i % 4 == 0 else str(bool(i % 2)) for i in range(CELLS)],
    "old": [["", "x", "y", "z"][i % 4] for i in range(CELLS)],
    "condition": labels(),
}
for name in some:
    check(got and got["columns"][name] == expected[name], f"column {name}: {got and got['columns'][name][:8]}")

# gene names: ENSEMBL index with symbols beside it, a named column, a categorical one with holes
a = adata()
a.var["symbol"] = gene_names()
a.var.index = [f"ENSG{i:011d}" for i in range(GENES)]
a.var["feature_name"] = pd.Categorical([None] + gene_names()[1:])
a.write_h5ad(path("ensembl.h5ad"))
got = dump(path("ensembl.h5ad"), 10)
check(got["names"] == [a.var.index[0]] + gene_names()[1:] and got["names_from"] == "var/feature_name", f"automatic symbols: {got['names'][:3]}")
check(dump(path("ensembl.h5ad"), 10, "--gene-names", "symbol")["names"] == gene_names(), "--gene-names symbol")
check(dump(path("ensembl.h5ad"), 10, "--gene-names", "index")["names"] == list(a.var.index), "--gene-names index")

# 10x
barcodes = [f"ACGT{i}-{i % 2 + 1}" for i in range(CELLS)]


def write_10x(name, types, group="matrix"):
    m = sp.csr_matrix(x)  # cells x genes CSR = genes x cells CSC
    with h5py.File(path(name), "w") as f:
        g = f.create_group(group)
        g["barcodes"] = np.array(barcodes, dtype="S")
        g.create_dataset("data", data=m.data.astype(np.int32), compression="gzip")
        g.create_dataset("indices", data=m.indices.astype(np.int64), compression="gzip")
        g["indptr"], g["shape"] = m.indptr.astype(np.int64), np.array([GENES, CELLS], dtype=np.int32)
        names, ids = np.array(gene_names(), dtype="S"), np.array([f"ENSG{i:011d}" for i in range(GENES)], dtype="S")
        if group == "matrix":
            h = g.create_group("features")
            h["name"], h["id"], h["feature_type"] = names, ids, np.array(types, dtype="S")
        else:
            g["gene_names"], g["genes"] = names, ids


write_10x("v3.h5", ["Gene Expression"] * GENES)
got = compare(path("v3.h5"), x, "10x h5", "gem_group")
check(got and got["names"] == gene_names() and got["columns"]["gem_group"] == [b[-1] for b in barcodes], "10x names and wells")
write_10x("v2.h5", [], "GRCh38")
compare(path("v2.h5"), x, "10x h5")
write_10x("guides.h5", ["Gene Expression"] * 20 + ["CRISPR Guide Capture"] * 3)
got = compare(path("guides.h5"), x[:, :20], "10x h5")
check(got and got["names"] == gene_names()[:20], "guide features must go")

for packed in (True, False):
    folder = path(f"mtx_{packed}")
    os.mkdir(folder)
    end = ".gz" if packed else ""
    opener = (lambda p: gzip.open(p, "wt")) if packed else (lambda p: open(p, "w"))
    scipy.io.mmwrite(os.path.join(folder, "plain.mtx"), sp.coo_matrix(sp.csc_matrix(x.T.astype(np.int32))), field="integer")
    text = open(os.path.join(folder, "plain.mtx")).read()
    os.remove(os.path.join(folder, "plain.mtx"))
    if not packed:  # entries in no order at all
        lines = text.splitlines()
        head = next(i for i, line in enumerate(lines) if not line.startswith("%")) + 1
        body = lines[head:]
        np.random.default_rng(3).shuffle(body)
        text = "\n".join(lines[:head] + body) + "\n"
    with opener(os.path.join(folder, "matrix.mtx" + end)) as f:
        f.write(text)
    with opener(os.path.join(folder, ("features.tsv" if packed else "genes.tsv") + end)) as f:
        for i, name in enumerate(gene_names()):
            f.write(f"ENSG{i:011d}\t{name}" + ("\tGene Expression" if packed else "") + "\n")
    with opener(os.path.join(folder, "barcodes.tsv" + end)) as f:
        f.write("\n".join(barcodes) + "\n")
    got = compare(folder, x, "10x mtx")
    check(got and got["names"] == gene_names(), "mtx names")

# CSV and TSV: labels among the genes, quotes, and R's missing corner
frame = pd.DataFrame(logs.astype(np.float64), index=[f"cell{i}" for i in range(CELLS)], columns=gene_names())
frame.insert(3, "condition", labels())
frame["batch"] = np.arange(CELLS) % 2
frame["remark"] = 'say "hi", you'
frame.to_csv(path("screen.csv"))
got = compare(path("screen.csv"), logs.astype(np.float32), "csv", "condition", "batch", "remark")
check(got and got["columns"]["condition"] == labels() and got["columns"]["remark"][0] == 'say "hi", you', "csv labels")
check(got and got["columns"]["batch"] == [str(i % 2) for i in range(CELLS)], "csv: a usual name makes numbers labels")
frame.to_csv(path("screen.tsv.gz"), sep="\t", index_label=False)
compare(path("screen.tsv.gz"), logs.astype(np.float32), "csv", "condition")

finish()
