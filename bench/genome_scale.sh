#!/usr/bin/env bash
# genome_scale.sh [CELLS] [FOLDER] [BUILD]: a simulated screen of CELLS (default 200,000) x 18,000 genes, about 10 % not
# zero, 2,000 perturbations, with a prior of a million edges; three replicas x 256 blocks by gradient steps with DASH on
# 2 ranks, once stored as top:200 and once in full, and in closed form. Prints what --dry-run foretells and the programs'
# own tables of time and peak memory per phase. Needs 3 GB in FOLDER for the screen and 7 GB for the largest run; both
# are removed afterwards (KEEP=1 keeps the screen).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cells=${1:-200000}
folder=${2:-/tmp/lazynet-genome}
lazynet=${3:-$root/build/release}/src/lazynet
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$folder"
screen=$folder/screen.h5ad
prior=$folder/screen.prior.tsv
trap 'rm -f "$folder"/run.*; [ -n "${KEEP:-}" ] || rm -f "$folder"/screen.*' EXIT

timed() {  # timed <command...>: runs it, then says how long it took from start to end
  local start; start=$(date +%s.%N)
  "$@"
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "  end to end, start-up included: %.1f s\n", b - a }'
}

if [ ! -f "$screen" ]; then
  echo "== simulate, 2 ranks"
  timed mpirun -n 2 "$lazynet" simulate screen --cells "$cells" --genes 18000 --perturbations 2000 --prior-added 16 \
    -o "$screen" --overwrite --quiet --json "$folder/screen.json"
fi
nonzeros=$(grep -o '"nonzeros": *[0-9]*' "$folder/screen.json" | grep -o '[0-9]*$')
rm -f "$folder"/genome-2.*
echo "screen: $(stat -c %s "$screen") bytes, prior: $(($(wc -l <"$prior") - 1)) edges, load $(cut -d' ' -f1-3 /proc/loadavg)"

run() {  # run <title> <options...>
  echo; echo "== $1 ($(date +%H:%M:%S), load $(cut -d' ' -f1 /proc/loadavg))"; shift
  local train=(mpirun -n 2 "$lazynet" train "$screen" -o "$folder/run.h5ad" --overwrite --replicas 3 "$@")
  "${train[@]}" --dry-run | sed -n '/Forecast/,$p'
  timed "${train[@]}" --json "$folder/run.json" | grep -E "peak memory|parameters per rank|lazynet  |baseline|ceiling|edges;|end to end|weights left"
  echo "  run.h5ad: $(stat -c %s "$folder/run.h5ad") bytes"
  if [ ! -f "$folder/genome-2.facts.json" ]; then  # the first run, for scaling_table.py
    cp "$folder/run.json" "$folder/genome-2.json"
    printf '{"study": "genome", "ranks": 2, "cells": %d, "nonzeros": %d, "options": "--replicas 3 %s", "load": %s, "bytes": %d, "sha256": ""}\n' \
      "$cells" "$nonzeros" "$*" "$(cut -d' ' -f1 /proc/loadavg)" "$(stat -c %s "$folder/run.h5ad")" >"$folder/genome-2.facts.json"
  fi
  rm -f "$folder/run.h5ad"
}
dash=(--fit steps --gene-blocks 256 --prune dash --prior "$prior" --epochs "${EPOCHS:-100}" --l2 0.1)
run "256 blocks, gradient steps, DASH, top:200" "${dash[@]}" --store top:200
run "256 blocks, gradient steps, DASH, full" "${dash[@]}" --store full
run "closed form, top:200" --store top:200
