#!/usr/bin/env python3
"""scaling_table.py FOLDER [--read-GBs R] [--write-GBs W] [--latency-us L] [--link-GBs B]

What scaling.sh measured, as FOLDER/scaling.csv and tables; then a model of the run's phases, fitted to the runs on one and
two ranks, held against a run that it was not fitted to, and projected to a job of 2,000,000 cells x 18,000 genes, 30
replicas, 256 blocks on 64, 1,024 and 16,384 ranks. A pair genome-2.json, genome-2.facts.json that genome_scale.sh left is
fitted too when it lies in FOLDER. Seconds of work come from measured rates of one core here, seconds of
messages and files from the stated figures of the cluster; the defaults are a modest one's.
"""
import argparse
import csv
import json
import math
import pathlib
import re

import numpy as np
from scipy.optimize import nnls

HIDDEN = 32
MOST_FORMED = 8192  # regulators of a co-regulation matrix
ROUND_ENTRIES = 2 ** 21  # read between two exchanges of cells
FETCH_ROUND = 2 ** 25  # bytes of one exchange of table columns


class Job:
    """Sizes of a run."""

    shard_seconds = None  # of training, where it was rehearsed

    def __init__(self, **sizes):
        self.__dict__.update(sizes)
        self.pairs = self.conditions
        self.inputs = self.conditions
        self.block = self.genes / self.blocks
        self.shards = self.blocks * self.replicas
        self.model = 4 * ((self.inputs + 1) * HIDDEN + self.block * (HIDDEN + 1))

    def shards_of(self, ranks):
        """Of the rank with most."""
        return math.ceil(self.shards / ranks)

    def chunks_of(self, ranks):
        return math.ceil(self.blocks * math.ceil(self.block / 256) / ranks)


def work(job, ranks):
    """Per phase, the quantities that its seconds are a sum of; of the rank with most."""
    rows = job.genes / ranks
    shards = job.shards_of(ranks)
    results = min(job.genes, job.chunks_of(ranks) * min(256, job.block))
    return {
        "pseudobulk": [job.entries / ranks, job.conditions * rows],
        "pairs": [job.pairs * shards / job.replicas * job.block if shards >= job.replicas else job.pairs * job.block],
        "training": [shards * job.epochs * job.pairs * job.block,
                     shards * (job.epochs + job.rounds) * (job.inputs + job.block) * HIDDEN],
        "consensus and results": [job.replicas * results * job.inputs * HIDDEN, job.pairs * results * job.replicas],
    }


def known(job, ranks, rate):
    """Seconds that are not fitted: products with the co-regulation matrix, formed (40 GFLOP/s) or not (0.35 ns per edge and
    unit), and files."""
    formed = job.inputs <= MOST_FORMED
    product = 2 * job.inputs ** 2 * HIDDEN / 4e10 if formed else 2 * job.edges * HIDDEN * 0.35e-9
    return {"training": job.shards_of(ranks) * job.rounds * product, "consensus and results": job.output / rate}


def messages(job, ranks, cut_bytes):
    """Per phase: bytes that the busiest rank sends, messages it sends, and agreements of all (each log2 P deep)."""
    others = (ranks - 1) / ranks
    entries = job.entries / ranks
    pieces = min(ranks, job.entries / job.cells)
    rounds = math.ceil(entries / ROUND_ENTRIES)
    table = 4 * job.conditions * job.genes / ranks
    fetches = 4 * math.ceil(table / FETCH_ROUND)
    cuts = 2 * job.rounds * job.replicas
    factors = job.replicas * 4 * (HIDDEN + 1) * (job.inputs + job.pairs + min(256, job.block)) * job.chunks_of(ranks)
    batches = math.ceil(job.conditions / 256)
    return {
        "pseudobulk": [others * (2 * entries + 32 * pieces * job.cells / ranks), rounds * (ranks - 1), 3 * rounds],
        "pairs": [others * 2 * table, 2 * fetches * (ranks - 1), 2 * fetches],
        "training": [2 * others * cut_bytes * cuts, 0, 8 * cuts],
        "consensus and results": [others * (factors + 2 * table + 3 * table), (batches + 8) * (ranks - 1), 3 * batches],
    }


def memory(job, ranks, program=45e6):
    """Peak of a rank, as src/train/forecast_memory.cpp has it for gradient steps with rounds."""
    table = 8 * job.conditions * job.genes / ranks
    blocks = max(1, math.ceil(job.shards_of(ranks) / job.replicas))
    shards = job.shards_of(ranks)
    targets = 8 * job.pairs * blocks * job.block
    packed = min(2.1 * job.entries / ranks + 40 * job.cells, 2.56e8) + 2 * table
    tables = 4 * job.pairs * job.block * 2.6
    kept = tables * shards if tables * shards < 2e9 else tables
    one_replica = math.ceil(shards / job.replicas)
    rounds = (shards - one_replica) * 2 * job.model + 5 * one_replica * job.model
    rounds += 4 * job.inputs ** 2 if job.inputs <= MOST_FORMED else 0
    factors = job.replicas * 4 * (HIDDEN + 1) * (job.inputs + job.pairs + 256) * job.chunks_of(ranks)
    results = min(job.genes, job.chunks_of(ranks) * min(256, job.block))
    return program + max(
        packed + table,
        table + 2 * targets,
        table + targets + 6 * shards * job.model + kept + rounds,
        table + shards * job.model + 2 * factors + shards * 4 * job.pairs * (HIDDEN + 1),
        shards * job.model + factors + 16 * job.pairs * results + 4 * 256 * (4 * job.inputs + job.genes),
    )


def option(options, name, default):
    found = re.search(rf"--{name} (\d+)", options)
    return int(found.group(1)) if found else default


def rounds_of(run):
    return len({r["epoch"] for r in run.get("rounds", [])})


def load(folder):
    runs = []
    for path in sorted(folder.glob("*.facts.json")):
        facts = json.loads(path.read_text())
        run = json.loads((folder / path.name.replace(".facts", "")).read_text())
        replicas = option(facts["options"], "replicas", 5)
        facts["phases"] = run["timings"]
        facts["job"] = Job(cells=facts["cells"], genes=run["genes"], conditions=run["conditions"], entries=facts["nonzeros"],
                           replicas=replicas, blocks=run["shards"] // replicas, epochs=option(facts["options"], "epochs", 40), rounds=rounds_of(run),
                           output=facts["bytes"], edges=0)
        runs.append(facts)
    return sorted(runs, key=lambda r: (r["study"], r["ranks"]))


def write_csv(runs, path):
    names = ["seconds", "peak_bytes", "mpi_calls", "mpi_bytes", "mpi_seconds"]
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["study", "ranks", "replicas", "cells", "genes", "load", "phase", *names, "sha256"])
        for r in runs:
            for p in r["phases"]:
                out.writerow([r["study"], r["ranks"], r["job"].replicas, r["cells"], r["job"].genes, r["load"], p["phase"],
                              *(p.get(n, "") for n in names), r["sha256"]])


def total(run, name):
    values = [p[name] for p in run["phases"] if name in p]
    return sum(values) if values else float("nan")


def print_runs(runs):
    print("| study | ranks | cells | replicas | seconds | training, s | speed-up | efficiency | peak MB | messages | MB sent |"
          " s in MPI | load |")
    print("|" + "---|" * 13)
    for r in runs:
        first = next(o for o in runs if o["study"] == r["study"])
        gain = total(first, "seconds") / total(r, "seconds") * (r["ranks"] if r["study"] == "weak" else 1) / first["ranks"]
        timed = r["ranks"] <= 2 and r["study"] in ("strong", "weak")
        training = next(p["seconds"] for p in r["phases"] if p["phase"] == "training")
        efficiency = gain * first["ranks"] / r["ranks"]
        print(f"| {r['study']} | {r['ranks']} | {r['cells']} | {r['job'].replicas} | {total(r, 'seconds'):.1f} | {training:.1f} |"
              f" {f'{gain:.2f} | {efficiency:.2f}' if timed else ' | '} | {r['phases'][-1]['peak_bytes'] / 1e6:.0f} |"
              f" {total(r, 'mpi_calls'):.0f} | {total(r, 'mpi_bytes') / 1e6:.1f} | {total(r, 'mpi_seconds'):.1f} |"
              f" {r['load']} |")
    for study in sorted({r["study"] for r in runs}):
        hashes = {r["sha256"] for r in runs if r["study"] == study}
        if study == "strong":
            print(f"\nstrong: run.h5ad has {'the same bytes' if len(hashes) == 1 else 'DIFFERENT BYTES'} on"
                  f" {', '.join(str(r['ranks']) for r in runs if r['study'] == study)} ranks")


def fit(runs, rate):
    """Non-negative costs of the quantities, by relative least squares over the fitting runs."""
    costs = {}
    for phase in work(runs[0]["job"], 1):
        rows, seconds = [], []
        for r in runs:
            found = sum(p["seconds"] for p in r["phases"] if p["phase"] == phase)
            found -= known(r["job"], r["ranks"], rate).get(phase, 0)
            found = max(found, 1e-3)
            rows.append(np.array(work(r["job"], r["ranks"])[phase]) / found)
            seconds.append(1.0)
        scale = np.max(np.array(rows), axis=0)
        costs[phase] = nnls(np.array(rows) / scale, np.array(seconds))[0] / scale
    return costs


def text_of(path):
    return path.read_text() if path.exists() else ""


def bytes_of_a_cut(runs):
    """Histograms that a rank adds to the sum of all, per layer and replica, as counted."""
    counted = [(p["mpi_bytes"], 2 * r["job"].rounds * r["job"].replicas) for r in runs for p in r["phases"]
               if p["phase"] == "training" and "mpi_bytes" in p]
    return sum(b for b, _ in counted) / max(sum(c for _, c in counted), 1) if counted else 2 * 65536 * 8


def project(job, ranks, costs, cluster):
    table = {}
    for phase, parts in work(job, ranks).items():
        sent, count, agreements = messages(job, ranks, cluster.cut)[phase]
        depth = max(1, math.ceil(math.log2(max(ranks, 2))))
        talking = sent / cluster.link + (count + agreements * depth) * cluster.latency if ranks > 1 else 0.0
        reading = 8 * job.entries / cluster.read if phase == "pseudobulk" else 0.0
        working = float(np.dot(costs[phase], parts)) + known(job, ranks, cluster.write).get(phase, 0)
        if phase == "training" and job.shard_seconds:
            working = job.shards_of(ranks) * job.shard_seconds
        table[phase] = (max(working, reading), talking, sent)
    return table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--read-GBs", type=float, default=5.0)
    parser.add_argument("--write-GBs", type=float, default=2.0)
    parser.add_argument("--latency-us", type=float, default=3.0)
    parser.add_argument("--link-GBs", type=float, default=0.2, help="of one rank, all sending at once")
    parser.add_argument("--forecast", type=pathlib.Path,
                        help="of the job's shards: --json of a --dry-run on one rank, of few cells but as many perturbations")
    args = parser.parse_args()
    runs = load(args.folder)
    write_csv(runs, args.folder / "scaling.csv")
    print_runs(runs)

    fitted = [r for r in runs if r["study"] != "check" and r["ranks"] <= 2]
    written = re.search(r"run.h5ad.* (\S+)\n", text_of(args.folder / "writing.txt"))
    disk = float(written.group(1)) * 1e9 if written else 5e8
    costs = fit(fitted, disk)
    cut = bytes_of_a_cut(runs)
    here = argparse.Namespace(cut=cut, link=3e9, latency=3e-6, read=1e12, write=disk)
    if found := re.search(r"latency_s=(\S+) bandwidth_bytes_per_s=(\S+)", text_of(args.folder / "messages.txt")):
        here.latency, here.link = float(found.group(1)), float(found.group(2))
    print(f"\nMessages between ranks of this machine: {1e6 * here.latency:.1f} us, {here.link / 1e9:.2f} GB/s; {cut / 1e6:.2f} MB"
          f" summed per cut of a layer of a replica; files: {disk / 1e9:.2f} GB/s")
    print("\nThe model against runs (seconds); `check` was not used to fit it\n\n| run | phase | model | run | run / model |")
    print("|---|---|---|---|---|")
    for r in [*fitted, *(r for r in runs if r["study"] == "check")]:
        told = project(r["job"], r["ranks"], costs, here)
        both = [(phase, sum(told[phase][:2]), sum(p["seconds"] for p in r["phases"] if p["phase"] == phase)) for phase in told]
        if r["study"] != "check":
            both = []
        both.append(("all", sum(sum(t[:2]) for t in told.values()), total(r, "seconds")))
        for phase, model, found in both:
            print(f"| {r['study']}, {r['ranks']} | {phase} | {model:.2f} | {found:.2f} | {found / model:.2f} |")

    cluster = argparse.Namespace(cut=cut, link=args.link_GBs * 1e9, latency=args.latency_us * 1e-6, read=args.read_GBs * 1e9,
                                 write=args.write_GBs * 1e9)
    job = Job(cells=2_000_000, genes=18_000, conditions=10_000, entries=2_000_000 * 1_900, replicas=30, blocks=256, epochs=100,
              rounds=14, output=0, edges=1_000_000)
    job.output = 12 * job.conditions * job.genes + 32 * 200 * job.genes + job.shards * job.model
    if args.forecast:
        told = json.loads(args.forecast.read_text())
        training = next(p["seconds"] for p in told["timings"] if p["phase"] == "training")
        job.shard_seconds = training / told["shards"]
        print(f"\nA shard of the job takes {job.shard_seconds:.2f} s of one core here, as rehearsed by --dry-run.")
    print(f"\nProjection: {job.cells:,} cells x {job.genes:,} genes (1,900 not zero per cell), {job.conditions:,} perturbations,"
          f" {job.replicas} replicas x {job.blocks} blocks of 24 + 8 units, {job.epochs} epochs with {job.rounds} DASH rounds, a prior of {job.edges:,} edges,"
          f" top:200 ({job.output / 1e9:.1f} GB written). Assumed: reading {args.read_GBs:g} GB/s and writing"
          f" {args.write_GBs:g} GB/s in all, {args.latency_us:g} us per message, {args.link_GBs:g} GB/s per rank, 64 ranks per"
          " node, cores like this one's, no shard stops early.\n")
    print("| phase | " + " | ".join(f"{p:,} ranks: work + messages, s | MB sent per rank" for p in (64, 1024, 16384)) + " |")
    print("|" + "---|" * 7)
    tables = {p: project(job, p, costs, cluster) for p in (64, 1024, 16384)}
    for phase in tables[64]:
        print(f"| {phase} | " + " | ".join(f"{t[phase][0]:.1f} + {t[phase][1]:.1f} | {t[phase][2] / 1e6:.1f}"
                                           for t in tables.values()) + " |")
    print("| all | " + " | ".join(f"{sum(v[0] + v[1] for v in t.values()):.0f} | {sum(v[2] for v in t.values()) / 1e6:.0f}"
                                  for t in tables.values()) + " |")
    print("| memory per rank, node of 64 | " + " | ".join(
        f"{memory(job, p) / 1e9:.2f} GB | {64 * memory(job, p) / 1e9:.0f} GB" for p in tables) + " |")
    print("| shards of the rank with most | " + " | ".join(f"{job.shards_of(p)} | " for p in tables) + "|")


if __name__ == "__main__":
    main()
