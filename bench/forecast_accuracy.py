#!/usr/bin/env python3
"""forecast_accuracy.py LAZYNET FOLDER [--shared DATA] [--only NAME]...

What `lazynet train --dry-run` foretells against what the run then takes: peak memory per rank after every phase, bytes on
disk, seconds. Screens are simulated in FOLDER (1.5 GB) where they are not there yet; DATA holds real ones. Prints a
markdown table of ratios, run / forecast, and the phases of every run that is more than 25 % off.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

SCREENS = {  # options of `lazynet simulate screen`
    "small": "--cells 4000 --genes 1000 --perturbations 100",
    "medium": "--cells 12000 --genes 4000 --perturbations 400 --doubles 100",
    "deep": "--cells 20000 --genes 6000 --perturbations 150 --depth 20000",
    "many": "--cells 30000 --genes 3000 --perturbations 1500",
    "wide": "--cells 20000 --genes 18000 --perturbations 800",
}
REAL = {"norman": "norman_mini/norman_mini.h5ad", "papalexi": "papalexi2021/papalexi2021_counts.h5ad"}

# name, screen, ranks, options
RUNS = [
    ("closed, norman_mini", "norman", 1, ""),
    ("closed, papalexi2021", "papalexi", 2, ""),
    ("closed, medium", "medium", 1, ""),
    ("closed, medium, top:100", "medium", 2, "--store top:100"),
    ("closed, many", "many", 1, "--store none"),
    ("closed, wide", "wide", 2, ""),
    ("closed, wide, top:200", "wide", 4, "--store top:200"),
    ("closed, deep, all edges", "deep", 2, "--store none --edges {out}.tsv --edges-top 0"),
    ("steps, medium", "medium", 1, "--fit steps --epochs 40 --l2 0.1"),
    ("steps, wide", "wide", 2, "--fit steps --epochs 20 --store none --replicas 3"),
    ("steps, many, penalty chosen", "many", 2, "--fit steps --epochs 20 --store top:50 --replicas 3"),
    ("DASH, medium", "medium", 2, "--prune dash --prior {prior} --epochs 40 --l2 0.1 --replicas 3"),
    ("DASH, deep, ensemble", "deep", 1, "--prune dash --prune-scope ensemble --prior {prior} --epochs 20 --l2 0.1 --store none"),
    ("cells, medium", "medium", 2, "--pairs cells --epochs 3 --l2 1e-4 --replicas 2"),
    ("cells, deep", "deep", 1, "--pairs cells --epochs 2 --l2 1e-4 --replicas 2 --store top:20"),
    ("cells, wide", "wide", 4, "--pairs cells --epochs 2 --l2 1e-4 --replicas 2 --store none"),
]


def start(ranks):
    return [] if ranks == 1 else [os.environ.get("MPIEXEC", "mpirun"), "-n", str(ranks)]


def figures(command, path):
    subprocess.run([*command, "--json", path, "--quiet"], check=True, timeout=1800)
    return json.loads(pathlib.Path(path).read_text())


def size(path):
    path = pathlib.Path(path)
    return path.stat().st_size if path.exists() else 0


def prepare(lazynet, folder, shared, name):
    if name in REAL:
        return f"{shared}/{REAL[name]}"
    path = f"{folder}/{name}.h5ad"
    if not os.path.exists(path):
        subprocess.run([*start(2), lazynet, "simulate", "screen", *SCREENS[name].split(), "-o", path, "--quiet"], check=True)
    return path


def measure(lazynet, folder, screen, ranks, options):
    out = f"{folder}/run.h5ad"
    words = options.format(out=out, prior=screen.replace(".h5ad", ".prior.tsv")).split()
    command = [*start(ranks), lazynet, "train", screen, "-o", out, "--overwrite", *words]
    foretold = figures([*command, "--dry-run"], f"{folder}/forecast.json")
    found = figures(command, f"{folder}/found.json")
    found["output_bytes"] = size(out) + size(out + ".tsv")
    for path in (out, out + ".tsv"):
        pathlib.Path(path).unlink(missing_ok=True)
    return foretold, found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lazynet")
    parser.add_argument("folder")
    parser.add_argument("--shared", default="data")
    parser.add_argument("--only", action="append")
    args = parser.parse_args()
    print("| run | ranks | memory: forecast, MB | run / forecast | worst phase | disk: forecast, MB | run / forecast |"
          " time: forecast, s | run / forecast |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, screen, ranks, options in RUNS:
        if args.only and not any(word in name for word in args.only):
            continue
        path = prepare(args.lazynet, args.folder, args.shared, screen)
        if not os.path.exists(path):
            continue
        foretold, found = measure(args.lazynet, args.folder, path, ranks, options)
        ours, theirs = foretold["timings"], found["timings"]
        assert [p["phase"] for p in ours] == [p["phase"] for p in theirs], (ours, theirs)
        ratios = [b["peak_bytes"] / a["peak_bytes"] for a, b in zip(ours, theirs)]
        worst = max(ratios, key=lambda r: abs(r - 1))
        seconds = [sum(p["seconds"] for p in phases) for phases in (ours, theirs)]
        print(f"| {name} | {ranks} | {ours[-1]['peak_bytes'] / 1e6:.0f} | {ratios[-1]:.2f} | {worst:.2f} |"
              f" {foretold['output_bytes'] / 1e6:.1f} | {found['output_bytes'] / foretold['output_bytes']:.2f} |"
              f" {seconds[0]:.1f} | {seconds[1] / seconds[0]:.2f} |", flush=True)
        if abs(worst - 1) > 0.2 or abs(seconds[1] / seconds[0] - 1) > 0.25:
            for a, b in zip(ours, theirs):
                print(f"    {a['phase']:<24} {a['peak_bytes'] / 1e6:8.0f} -> {b['peak_bytes'] / 1e6:8.0f} MB"
                      f" {a['seconds']:8.2f} -> {b['seconds']:8.2f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
