#!/usr/bin/python3
"""Gene vectors in files that anndata wrote. Argument: dump_embedding."""
from screens import *

TOOL = sys.argv[1]


def dump(*names):
    done = subprocess.run([TOOL, *names], capture_output=True, text=True)
    check(done.returncode == 0, f"{names}: {done.stderr}")
    return json.loads(done.stdout)


rng = np.random.default_rng(0)
GENES = ["G3", "G1", "g2", "A"]
values = rng.normal(size=(4, 6)).astype(np.float32)
values[1, 2] = 0
order = np.argsort(GENES)


def expect(result, genes, matrix, source):
    check("error" not in result, f"{source}: {result.get('error')}")
    if "error" not in result:
        at = np.argsort(genes)
        check(result["names"] == [genes[k] for k in at], f"{source}: names {result['names']}")
        check(np.array_equal(np.float32(result["values"]), matrix[at]), f"{source}: values")
        check(result["source"] == f"file {source}", f"{source}: source {result['source']}")


for name, x in {"dense": values, "csr": sp.csr_matrix(values), "csc": sp.csc_matrix(values)}.items():
    a = anndata.AnnData(x, obs=pd.DataFrame(index=GENES), var=pd.DataFrame(index=[f"d{k}" for k in range(6)]))
    a.layers["half"] = values / 2
    a.obsm["emb"] = values[:, :3].astype(np.float64)
    a.write_h5ad(path(f"{name}.h5ad"), compression="gzip" if name == "csr" else None)
    whole, layer, beside = dump(*(path(f"{name}.h5ad") + where for where in ("", ":layers/half", ":obsm/emb")))
    expect(whole, GENES, values, f"{name}.h5ad")
    expect(layer, GENES, values / 2, "half")
    expect(beside, GENES, values[:, :3], "emb")

cells = anndata.AnnData(np.zeros((3, 4), np.float32), var=pd.DataFrame({"gene_name": GENES}, index=[
    f"ENSG0000000000{k}" for k in range(4)]))
cells.varm["PCs"] = values
cells.varm["frame"] = pd.DataFrame(values, index=cells.var_names, columns=list("abcdef"))
cells.varm["flawed"] = np.where(values == 0, np.nan, values)
cells.write_h5ad(path("cells.h5ad"))
varm, absent, frame, flawed = dump(*(path("cells.h5ad") + ":varm/" + n for n in ("PCs", "pca", "frame", "flawed")))
expect(varm, GENES, values, "PCs")
check("there is no 'varm/pca' in this file; varm holds PCs, flawed, frame" in absent["error"], absent["error"])
check("varm/frame is a data frame" in frame["error"], frame["error"])
check("row 2, gene 'G1': nan is not a finite number" in flawed["error"], flawed["error"])

cells.obs_names = ["a", "b", "a"]
cells.write_h5ad(path("twice.h5ad"))
twice, missing, text = dump(path("twice.h5ad"), path("none.h5ad") + ":varm/PCs", __file__)
check("row 3: gene 'a' again (first in row 1)" in twice["error"], twice["error"])
check("none.h5ad: no such file" in missing["error"], missing["error"])
check("error" in text, "a program taken for gene vectors")
finish()
