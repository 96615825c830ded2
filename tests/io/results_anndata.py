#!/usr/bin/python3
"""results_anndata.py <write_run>: anndata reads every element of a results file with the value it was given."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runs import *  # noqa: E402,F403


def statistic(name, rows, cols, first=0):
    i, j = np.arange(rows)[:, None], np.arange(cols)[None, :] + first
    f = np.float32
    return {"mean": (i - 2 * j).astype(f) / f(8), "sd": ((i * j) % 5).astype(f) / f(4),
            "sign": ((i + j) % 6).astype(f) / f(5), "selected": ((3 * i + j) % 5).astype(f) / f(4)}[name]


def check_small(a, genes, conditions, unmeasured):
    assert list(a.var_names) == [f"gene{i}" for i in range(genes)]
    assert list(a.obs_names) == [f"condition{i}" for i in range(conditions)]
    assert list(a.obs.columns) == ["perturbation", "context", "cells", "error", "held_out", "weight"]
    n = np.arange(conditions)
    assert list(a.obs["perturbation"]) == [f"GENE{i}" for i in n]
    assert list(a.obs["context"].cat.categories) == ["K562", "RPE1 β"]
    assert list(a.obs["context"].cat.codes) == [-1 if i % 5 == 4 else i % 2 for i in n]
    assert a.obs["cells"].dtype == np.int64 and (a.obs["cells"] == 100 + n).all()
    assert a.obs["error"].dtype == np.float64 and (a.obs["error"] == n / 3).all()
    assert a.obs["weight"].dtype == np.float32 and (a.obs["weight"] == (n / 3).astype(np.float32)).all()
    assert a.obs["held_out"].dtype == bool and (a.obs["held_out"] == (n % 4 == 1)).all()
    assert a.var["regulator_support"].dtype == np.int64
    own = a.uns["lazynet"]
    assert own["options"].startswith('{"seed": 7') and len(own["options"]) == 100023, len(own["options"])
    assert own["format_version"] == 1 and own["elapsed"] == 0.5
    assert list(own["grid"]) == [1, 2.5, -3]
    assert list(own["unmeasured_regulators"]) == [f"other{i}" for i in range(unmeasured)]
    assert isinstance(own["history"], pd.DataFrame) and list(own["history"]["loss"]) == [3, 2, 1]
    assert own["no_columns"].shape == (2, 0) and list(own["no_columns"].index) == ["row0", "row1"]
    assert own["no_rows"].shape == (0, 2) and list(own["no_rows"].columns) == ["x", "y"]


def check(a, genes, conditions=11, unmeasured=3, top=0):
    check_small(a, genes, conditions, unmeasured)
    assert a.X.dtype == np.float32
    np.testing.assert_array_equal(a.X, statistic("mean", conditions, genes))
    np.testing.assert_array_equal(a.layers["observed"], statistic("sd", conditions, genes))
    i, j = np.arange(genes)[:, None], np.arange(genes)[None, :]
    kept = (j >= i % 3) & (j < i % 3 + top) if top else np.ones((genes, genes), bool)
    for name in ("mean", "sd", "sign", "selected"):
        m = a.varp["consensus_" + name]
        assert sp.isspmatrix_csr(m) == (top > 0)
        if top:
            assert m.nnz == genes * top and m.has_sorted_indices
            m.check_format(full_check=True)
            m = m.toarray()
        np.testing.assert_array_equal(m, np.where(kept, statistic(name, genes, genes), 0))
        other = np.asarray(a.varm[f"consensus_{name}_unmeasured"])
        assert other.shape == (genes, unmeasured)
        np.testing.assert_array_equal(other, statistic(name, genes, unmeasured, genes))


def check_layout(path):
    """Encodings on every element (newer anndata insist), no time stamps, whole-row chunks."""
    with h5py.File(path, "r") as f:
        def visit(name, element):
            assert "encoding-type" in element.attrs and "encoding-version" in element.attrs, name
            if isinstance(element, h5py.Dataset):
                assert h5py.h5g.get_objinfo(element.id).mtime == 0, name
        visit("/", f)
        f.visititems(visit)
        for name in ("layers", "obsm", "varm", "obsp", "varp", "uns"):
            assert f[name].attrs["encoding-type"] == "dict"
        chunks = f["varp/consensus_mean"].chunks
        assert chunks[1] == 1100 and 1 << 20 <= 4 * chunks[0] * chunks[1] <= 4 << 20, chunks


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "run.h5ad")
    check(write(path, 2), 37)
    check(write(path, 3, top=6), 37, top=6)
    check(write(path, 2, unmeasured=0, genes=5, conditions=1), 5, conditions=1, unmeasured=0)
    check(write(path, 2, transfer=300, rows=20), 37)
    chunked = write(path, 2, genes=1100, rows=100)
    check(chunked, 1100)
    check_layout(path)
    # The file survives what users do: take a part, write it again.
    chunked[:, 100:200].copy().write_h5ad(path)
    part = anndata.read_h5ad(path)
    np.testing.assert_array_equal(part.varp["consensus_sd"], statistic("sd", 1100, 1100)[100:200, 100:200])
print("anndata reads everything")
