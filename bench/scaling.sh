#!/usr/bin/env bash
# scaling.sh [FOLDER] [BUILD]: what more ranks bring on this machine. Strong scaling: the same run on 1, 2, 4 and 8 ranks;
# weak scaling: cells and replicas that grow with the ranks; a check of another size that the model is not fitted to. More
# ranks than cores are not a measure of time, but of messages and of the law that the result has the same bytes. Every
# run leaves FOLDER/<name>.json; then scaling_table.py writes FOLDER/scaling.csv, tables and the projection.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/tmp/lazynet-scaling}
build=${2:-$root/build/release}
lazynet=$build/src/lazynet
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
mkdir -p "$folder"
trap 'rm -f "$folder"/*.h5ad "$folder"/*.run.log* "$folder"/last.json' EXIT

screen() {  # screen <name> <cells> <genes> <perturbations>
  [ -f "$folder/$1.h5ad" ] || mpirun -n 2 "$lazynet" simulate screen --cells "$2" --genes "$3" --perturbations "$4" \
    -o "$folder/$1.h5ad" --overwrite --quiet --json "$folder/$1.screen"
}

seconds_of() { grep -o '"seconds": *[0-9.e+-]*' "$1" | awk -F: '{ all += $2 } END { print all }'; }

measure() {  # measure <study> <ranks> <screen> <options...>: the fastest of three where ranks have a core of their own
  local study=$1 ranks=$2 screen=$3 name=$1-$2 repeats=3 best=1e9; shift 3
  [ "$ranks" -le 2 ] || repeats=1
  for ((k = 0; k < repeats; ++k)); do
    mpirun -n "$ranks" "$lazynet" train "$folder/$screen.h5ad" -o "$folder/$name.run.h5ad" --overwrite --quiet \
      --json "$folder/last.json" --fit steps --prune dash --prior "$folder/$screen.prior.tsv" --epochs 40 --patience 40 \
      --l2 0.1 "$@"
    local seconds; seconds=$(seconds_of "$folder/last.json")
    if awk -v a="$seconds" -v b="$best" 'BEGIN { exit !(a < b) }'; then
      best=$seconds
      mv "$folder/last.json" "$folder/$name.json"
    fi
  done
  # What the table needs besides the run's own figures.
  printf '{"study": "%s", "ranks": %d, "cells": %d, "nonzeros": %d, "options": "%s", "load": %s, "bytes": %d, "sha256": "%s"}\n' \
    "$study" "$ranks" "$(cells_of "$screen")" "$(grep -o '"nonzeros": *[0-9]*' "$folder/$screen.screen" | grep -o '[0-9]*$')" "$*" "$(cut -d' ' -f1 /proc/loadavg)" \
    "$(stat -c %s "$folder/$name.run.h5ad")" "$(sha256sum "$folder/$name.run.h5ad" | cut -d' ' -f1)" \
    >"$folder/$name.facts.json"
  echo "$name: done at $(date +%H:%M:%S), load $(cut -d' ' -f1 /proc/loadavg)"
  rm -f "$folder/$name.run.h5ad"
}

cells_of() { case $1 in strong) echo 24000 ;; check) echo 12000 ;; weak*) echo $((6000 * ${1#weak})) ;; esac; }

screen strong 24000 4000 500
screen check 12000 7000 300
for ranks in 1 2 4 8; do
  screen "weak$ranks" "$(cells_of "weak$ranks")" 3000 300
  measure strong $ranks strong --replicas 4 --gene-blocks 64
  measure weak $ranks "weak$ranks" --replicas $((2 * ranks)) --gene-blocks 48
done
measure check 2 check --replicas 3 --gene-blocks 100
mpirun -n 2 "$build/bench/message_bench" | tee "$folder/messages.txt"
mpirun -n 2 "$build/bench/write_bench" --genes 9000 --repeats 3 --folder "$folder" | tee "$folder/writing.txt"
${PYTHON:-/usr/bin/python3} "$root/bench/scaling_table.py" "$folder"
