#!/usr/bin/python3
"""cell_measures_test.py DUMP: differential expression, halves, spreads and energy distances of real screens, where they are
($LAZYNET_DATA or ../shared/data beside the sources), against scipy and numpy."""
import json
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
data = os.environ.get("LAZYNET_DATA") or os.path.join(here, "..", "..", "..", "shared", "data")
screens = [("papalexi2021/papalexi2021_counts.h5ad", None, 3, 5e-3, 4), ("norman_mini/norman_mini.h5ad", "cell_type", 2, 1e-6, 1)]
for name, *_ in screens:
    if not os.path.exists(os.path.join(data, name)):
        print(f"skipped: no {name} in {data}; set LAZYNET_DATA")
        sys.exit(77)
try:
    import anndata
    import numpy as np
    from scipy import stats
    from scipy.spatial.distance import cdist
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)
failures = []


def check(ok, message):
    if not ok:
        failures.append(message)
        print("FAILED:", message)


def near(got, expected, relative, absolute, message):
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    same = (got == expected) | (np.abs(got - expected) <= relative * np.abs(expected) + absolute)
    check(same.all(), f"{message}: {(~same).sum()} of {same.size}, first {got[~same][:3]} for {expected[~same][:3]}")


def dump(file, context, ranks):
    with tempfile.TemporaryDirectory() as folder:
        command = [os.environ["MPIEXEC"], "-n", str(ranks), sys.argv[1], folder, file] + ([context] if context else [])
        subprocess.run(command, check=True, timeout=250)
        parts = [json.load(open(os.path.join(folder, f"{r}.json"))) for r in range(ranks)]
    whole = parts[0]
    for part in parts[1:]:
        for key, value in part.items():
            if isinstance(value, list) and key not in ("genes", "cell_condition", "halves", "context", "control"):
                whole[key] = whole[key] + value
    return whole


def adjust(p):
    """Benjamini-Hochberg."""
    order = np.argsort(p)[::-1]
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1)).clip(0, 1)
    return q


def t_test(a, b, n):
    with np.errstate(all="ignore"):
        t, p = stats.ttest_ind_from_stats(a.mean(0), a.std(0, ddof=1), len(a), b.mean(0), b.std(0, ddof=1), n,
                                          equal_var=False)
    return np.where(np.isnan(t), 0, t), np.where(np.isnan(t), 1, p)


def log2_fold(mean, control):
    a, b = np.expm1(mean), np.expm1(control)
    with np.errstate(all="ignore"):
        fold = np.log2(a / b)
    return np.where((a == 0) & (b == 0), 0, np.where((a == 0) | (b == 0), np.sign(a - b) * np.log2(20), fold))


def expression(file, genes):
    screen = anndata.read_h5ad(file)
    x = screen.X.toarray() if hasattr(screen.X, "toarray") else np.asarray(screen.X)
    if (x == np.rint(x)).all():
        scale = (1e4 / np.maximum(x.sum(1, dtype=float), 1)).astype(np.float32)
        x = np.log1p(x.astype(np.float32) * scale[:, None])
    return x[:, screen.var_names.get_indexer(genes)].astype(np.float32).astype(np.float64)  # we read float32


def check_row(d, x, i, name, ties):
    """ties: how near rank p comes. Of counts, values that are equal in theory (1 of 500, 3 of 1,500) are ties or not as the
    rounding of their float32 logarithms falls, which is not numpy's here."""
    cell_condition, context = np.array(d["cell_condition"]), np.array(d["context"])
    control_row = next(c for c, k in enumerate(context) if d["control"][c] and k == context[i])
    mine = x[cell_condition == i]
    halves = np.array(d["halves"])
    near(d["first"][i], x[(cell_condition == i) & (halves == 0)].mean(0), 1e-5, 1e-6, f"{name}: first half")
    near(d["second"][i], x[(cell_condition == i) & (halves == 1)].mean(0), 1e-5, 1e-6, f"{name}: second half")
    for spread in d["spreads"][i]:
        v = mine[:, spread[0]]
        expected = [v.mean(), v.std(), v.min(), v.max(), *np.quantile(v, [0.25, 0.4, 0.45, 0.55, 0.6, 0.75])]
        near(spread[1:], expected, 1e-6, 1e-6, f"{name}: spread of gene {spread[0]}")
    if d["control"][i]:
        check(all(v is None for v in d["rank_p"][i]), f"{name}: a control is tested")
        near(d["energy"][i], 0, 0, 1e-9, f"{name}: energy of the control")
        return
    controls = x[cell_condition == control_row]
    tested = np.array([(context[c] == context[i]) and not d["control"][c] and c != i if c >= 0 else False
                       for c in cell_condition])
    near(d["log_fold"][i], log2_fold(mine.mean(0), controls.mean(0)), 1e-5, 1e-5, f"{name}: fold")
    p = stats.mannwhitneyu(mine, controls, method="asymptotic", axis=0).pvalue
    near(d["rank_p"][i], p, ties, 1e-35, f"{name}: rank p")
    near(d["rank_q"][i], adjust(p), ties, 1e-35, f"{name}: rank q")
    for part, q, others, n in (("score", "score_q", controls, len(controls)), ("score_rest", "score_rest_q", x[tested], len(mine))):
        t, tp = t_test(mine, others, n)
        near(d[part][i], t, 1e-5, 1e-6, f"{name}: {part}")
        near(d[q][i], adjust(tp), 1e-3, 1e-35, f"{name}: {q}")
    if i % 8 == 4:  # slow
        within = cdist(mine, mine).mean() + cdist(controls, controls).mean()
        near(d["energy"][i], 2 * cdist(mine, controls).mean() - within, 1e-6, 1e-9, f"{name}: energy")
        near(d["energy_squared"][i], 2 * ((mine.mean(0) - controls.mean(0)) ** 2).sum(), 1e-6, 1e-9, f"{name}: squared")


for name, context, ranks, ties, every in screens:
    file = os.path.join(data, name)
    d = dump(file, context, ranks)
    x = expression(file, d["genes"])
    check(d["rows"] == list(range(len(d["context"]))), f"{name}: rows")
    for i in d["rows"][::every]:
        check_row(d, x, i, f"{name}, condition {i}", ties)
sys.exit(1 if failures else 0)
