#!/usr/bin/python3
"""model_run.py OUTPUT [--genes N] [--perturbed N] [--unmeasured N] [--replicas N] [--blocks N] [--sums N] [--products N]
[--dimensions K] [--contexts N] [--spread X] [--calibrated] [--held-out]: writes a run.h5ad of random LazyNet models, with the elements
that `lazynet predict` reads; and a second opinion, in numpy, on what these predict (class Models)."""
import argparse

import anndata
import numpy as np
import pandas as pd

GROUNDS = ["trained", "combination", "partly", "embedded", "unknown"]


def block_ranges(total, parts):
    sizes = [total // parts + (i < total % parts) for i in range(parts)]
    ends = np.cumsum(sizes)
    return [(int(e - s), int(e)) for s, e in zip(sizes, ends)]


def write(path, genes=60, perturbed=12, unmeasured=3, replicas=3, blocks=2, sums=5, products=3, dimensions=0, contexts=1,
          calibrated=False, held_out=False, spread=1.0, seed=1):
    """Perturbed genes are every so many measured ones, then U0, U1 ...; the embedding knows every second measured gene and
    E0, E1 ... that are in no screen. held_out: replica 0 trained on no perturbation of the first input's gene. spread: of the
    replicas around what they have in common."""
    rng = np.random.default_rng(seed)
    measured = np.arange(perturbed - unmeasured) * (genes // max(perturbed - unmeasured, 1))
    inputs = np.r_[measured, genes + np.arange(unmeasured)].astype(np.int64)
    names = [f"G{i}" for i in range(genes)]
    others = [f"U{i}" for i in range(unmeasured)]
    regulators = names + others
    hidden, n = sums + products, len(inputs)
    shift = np.full(genes + unmeasured, -1.2)
    shift[measured] = -rng.uniform(0.4, 2.0, len(measured))
    common = np.repeat(rng.normal(0, 0.3, (blocks, n + dimensions + 1, hidden)), replicas, axis=0)
    a = (common + spread * rng.normal(0, 0.3, common.shape)).astype(np.float32)
    a[:, -1] *= 0.2 if dimensions else 0  # models with an embedding have biases
    support = np.ones((blocks * replicas, n), np.float32)
    for shard in range(0, blocks * replicas, replicas) if held_out else []:
        support[shard, 0] = 0
        a[shard, 0] = a[shard, 1:n].mean(axis=0)  # as training fills such rows in
    support = np.c_[support, np.ones((len(support), dimensions), np.float32)]
    common = np.tile(rng.normal(0, 0.2, (genes, hidden + 1)), (replicas, 1))
    c = (common + spread * rng.normal(0, 0.2, common.shape)).astype(np.float32)
    c[:, -1] = 0
    model = {"inputs": inputs, "state_inputs": np.int64(0), "input_scale": np.abs(shift[inputs]), "shift": shift,
             "u_max": np.float64(1.5), "hidden_sums": np.int64(sums), "a": a.reshape(-1, hidden), "c": c,
             "support": support}
    own = {"model": model, "options": '{"replicas":"%d"}' % replicas, "screen": "made", "screen_fingerprint": "0",
           "unmeasured_regulators": np.array(others, dtype=object), "mean_shift": np.float64(-1.2),
           "l2_share": np.float64(0.01)}
    if dimensions:
        known = names[::2] + [f"E{i}" for i in range(4)]
        model["embedding_names"] = np.array(sorted(known), dtype=object)
        model["embedding_values"] = rng.normal(0, 1, (len(known), dimensions)).astype(np.float32)
        model["embedding_values"][:, 0] = 1  # the mean effect
        model["embedding_values"][sorted(known).index("G8"), 1:] = 0  # in it, and nothing said of it
        model["embedding_default"] = np.r_[1.0, np.zeros(dimensions - 1)]
    var = pd.DataFrame(index=names)
    if calibrated:
        var["residual_sd"] = rng.uniform(0.02, 0.1, genes)
        own["calibration"] = pd.DataFrame({"ground": GROUNDS, "ensemble": [1.1, 1.4, 2.0, 3.0, 4.0],
                                           "residual": [0.5, 0.6, 0.7, 0.8, 1.0]}, index=list("01234"))
    labels = ["control"] + [regulators[j] for j in inputs]
    if perturbed > 3:
        labels.append("+".join(sorted(regulators[j] for j in inputs[1:3])))
    places = [f"c{k}" for k in range(contexts)]
    obs = pd.DataFrame({"context": places * len(labels), "perturbation": np.repeat(labels, contexts),
                        "split": np.repeat(["control"] + ["training"] * (len(labels) - 1), contexts)})
    obs.index = obs.perturbation if contexts == 1 else obs.context + "|" + obs.perturbation
    x = rng.uniform(0, 2, (len(obs), genes)).astype(np.float32)
    run = anndata.AnnData(X=x, obs=obs, var=var, uns={"lazynet": own}, dtype=np.float32)
    run.write_h5ad(path)


class Models:
    """What a run's models predict, in double precision, one gene and replica after the other."""

    def __init__(self, path):
        run = anndata.read_h5ad(path)
        own = run.uns["lazynet"]
        m = own["model"]
        self.genes = list(run.var_names)
        self.regulators = self.genes + list(own.get("unmeasured_regulators", []))
        self.effects = np.asarray(run.uns["lazynet"]["model"].get("context_effect", []))
        self.control = {c: np.asarray(run[(run.obs.split == "control") & (run.obs.context == c)].X)[0].astype(float)
                        for c in run.obs.context.unique()}
        self.contexts = list(dict.fromkeys(run.obs.context))
        self.sums, self.u_max = int(m["hidden_sums"]), float(m["u_max"])
        self.replicas = len(m["c"]) // len(self.genes)
        self.c = np.asarray(m["c"], float).reshape(self.replicas, len(self.genes), -1)
        hidden = self.c.shape[2] - 1
        self.a = np.asarray(m["a"], float).reshape(len(m["support"]), -1, hidden)
        self.blocks = block_ranges(len(self.genes), len(self.a) // self.replicas)
        first = int(m["state_inputs"])
        self.inputs = {self.regulators[j]: k for k, j in enumerate(m["inputs"]) if k >= first}
        self.shift = dict(zip(self.regulators, m["shift"]))
        self.mean_shift = float(own["mean_shift"])
        self.support = np.asarray(m["support"])
        self.first = first
        self.known = {}
        self.default = np.zeros(0)
        if "embedding_names" in m:
            self.known = dict(zip(m["embedding_names"], np.asarray(m["embedding_values"], float)))
            self.default = np.asarray(m["embedding_default"], float)
        self.residual = np.asarray(run.var["residual_sd"]) if "residual_sd" in run.var else None
        self.calibration = own.get("calibration")
        if self.calibration is not None:
            self.calibration = self.calibration.set_index("ground")

    def row(self, shard, gene, strength):
        """What perturbing a gene so many times as strongly as the screen does adds to the hidden units: alone, it is so
        many times the effect."""
        a = self.a[shard]
        n = a.shape[0] - 1 - len(self.default)
        supported = self.support[shard, :n] > 0
        supported[:self.first] = False
        if gene in self.inputs and (supported[self.inputs[gene]] or len(self.default)):
            own = a[self.inputs[gene]]
        elif len(self.default):
            own = np.zeros(a.shape[1])
        elif not self.first and not supported.all():
            own = a[np.flatnonzero(~supported)[0]]
        else:
            own = a[:n][supported].mean(axis=0)
        usual = np.sign(self.shift.get(gene, self.mean_shift))
        row = own + self.known.get(gene, self.default) @ a[n:-1]
        return strength * (usual * row + a[-1]) - a[-1]

    def replicas_change(self, label, shift=None):
        """(replicas, genes); shift: of genes without a measured perturbation, if not the screen's own."""
        out = np.zeros((self.replicas, len(self.genes)))
        for b, (begin, end) in enumerate(self.blocks):
            for r in range(self.replicas):
                s = b * self.replicas + r
                z = self.a[s, -1].copy()
                for gene in label.split("+") if label else []:
                    own = gene in self.inputs and gene in self.genes
                    usual = self.shift.get(gene, self.mean_shift)
                    z += self.row(s, gene, 1 if shift is None or own else shift / usual)
                h = np.r_[z[:self.sums], np.expm1(np.minimum(z[self.sums:], self.u_max)), 1]
                out[r, begin:end] = self.c[r, begin:end] @ h
        return out

    def common(self, context):
        """What perturbations of a context have in common."""
        if not len(self.effects):
            return np.zeros(len(self.genes))
        return self.effects.reshape(len(self.control), -1)[list(self.control).index(context)].copy()

    def own(self, label):
        return [self.genes.index(g) for g in label.split("+") if g in self.genes]

    def predict(self, label, ground, shift=None):
        """Mean change and sd, with the perturbed genes' own."""
        all_changes = self.replicas_change(label, shift)
        mean = all_changes.mean(axis=0)
        sd = all_changes.std(axis=0, ddof=1) if self.replicas > 1 else np.zeros(len(mean))
        if self.calibration is not None:
            row = self.calibration.loc[ground]
            sd = np.sqrt(row["ensemble"] * sd ** 2 + row["residual"] * self.residual ** 2)
        for gene in label.split("+"):
            if gene in self.genes:
                i = self.genes.index(gene)
                unseen = gene not in self.inputs
                mean[i] = shift if unseen and shift is not None else self.shift.get(gene, self.mean_shift)
                sd[i] = 0
        return mean, sd

    def interaction(self, a, b):
        """(replicas, genes) of the departure from additivity, 0 for the two genes themselves; and the three changes."""
        d, x, y = (self.replicas_change(label) for label in (a + "+" + b, a, b))
        for m in (d, x, y):
            m[:, self.own(a + "+" + b)] = 0
        return d - x - y, x.mean(axis=0), y.mean(axis=0), d.mean(axis=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("output")
    for name, default in dict(genes=60, perturbed=12, unmeasured=3, replicas=3, blocks=2, sums=5, products=3, dimensions=0,
                              contexts=1, seed=1).items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--spread", type=float, default=1.0)
    parser.add_argument("--calibrated", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    options = vars(parser.parse_args())
    write(options.pop("output"), **options)
