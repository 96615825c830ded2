#!/usr/bin/env bash
# genome_wide.sh [FOLDER] [BUILD]: simulates a 53,000 cells x 18,000 genes x 2,000 perturbations screen in FOLDER (default
# /tmp/lazynet-bench, 1.5 GB) and trains three replicas on it with 2 ranks, pseudobulk and cells mode; then the training
# phase on 1 and 2 ranks. Prints the programs' own tables of time and peak memory per phase.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/tmp/lazynet-bench}
lazynet=${2:-$root/build/release}/src/lazynet
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$folder"
screen=$folder/screen.h5ad
[ -f "$screen" ] || mpirun -n 2 "$lazynet" simulate screen --cells 53000 --genes 18000 --perturbations 2000 -o "$screen"

run() {  # run <title> <ranks> <options...>
  echo; echo "== $1"; shift
  local ranks=$1; shift
  local start; start=$(date +%s.%N)
  mpirun -n "$ranks" "$lazynet" train "$screen" -o "$folder/run.h5ad" --overwrite --replicas 3 --store top:200 "$@" |
    grep -E "peak memory|parameters per rank|lazynet  |baseline|ceiling"
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "  end to end, start-up included: %.1f s\n", b - a }'
}
run "pseudobulk, models in closed form, 2 ranks" 2
run "pseudobulk, gradient steps, 2 ranks" 2 --fit steps
run "cells, 20 epochs, 8 blocks of 16 + 16 units (256 in all), 2 ranks" 2 --pairs cells --gene-blocks 8 --hidden-sums 16 \
  --hidden-products 16 --epochs 20 --l2 1e-4
for ranks in 1 2; do
  run "speed-up of the training phase: pseudobulk, 8 blocks, 100 epochs, $ranks rank(s)" "$ranks" --gene-blocks 8 --l2 0.1 \
    --epochs 100 --patience 100
done
