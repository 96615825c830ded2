#!/usr/bin/env bash
# train_options_test.sh: help of every command, version, unknown commands; printed options read back; a dry run checks and
# forecasts but writes nothing; figures as JSON.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $*"; failed=1; }
says() { # says <code> <words expected> <arguments...>: on stdout with code 0, on stderr otherwise
  local code=$1 words=$2 got; shift 2
  "$LAZYNET" "$@" >out 2>err
  got=$?
  [[ $got == "$code" ]] || fail "$*: exit code $got, not $code: $(cat err)"
  grep -qF -- "$words" "$([[ $code == 0 ]] && echo out || echo err)" || fail "$*: no '$words' in: $(cat out err)"
}
says 0 "commands:" --help
says 0 "commands:" help
says 2 "commands:"
says 2 "unknown command 'trian'" trian
for word in "lazynet    0." "compiler   GNU\|compiler   Clang" "MPI        " "HDF5       " "parallel" "Eigen      3."; do
  "$LAZYNET" --version | grep -q "$word" || fail "--version: no '$word'"
done
for command in inspect train network "simulate screen"; do
  # shellcheck disable=SC2086
  says 0 "usage: lazynet $command" $command --help
  for option in --output --overwrite --seed --json --config --print-config --dry-run --quiet --verbose; do
    grep -q -- "$option" out || fail "$command --help: no $option"
  done
done
"$LAZYNET" train --help >out
for option in --replicas --gene-blocks --epochs --pairs --hidden-sums --hidden-products --l2 --learning-rate --batch --store --edges; do
  grep -q -- "$option" out || fail "train --help: no $option"
done

# Options read back from where they were printed, names and values, give the same run; the command line comes first.
"$LAZYNET" simulate screen -o s.h5ad --quiet --cells 400 --genes 100 --perturbations 8
given=(--replicas 2 --epochs 12 --hidden-sums 5 --l2 0.05 --learning-rate 0.011 --store top:3 --seed 9 --where 'library_size>10' --where 'library_size<1e9')
"$LAZYNET" train s.h5ad "${given[@]}" --print-config >options || fail "--print-config: exit code $?"
for line in "replicas = 2" "store = top:3" "seed = 9" "where = library_size>10" "where = library_size<1e9" "pairs = pseudobulk"; do
  grep -qxF -- "$line" options || fail "--print-config: no '$line'"
done
[[ -z $(ls run* 2>/dev/null) ]] || fail "--print-config wrote something"
"$LAZYNET" train s.h5ad "${given[@]}" -o run1.h5ad --quiet
"$LAZYNET" train s.h5ad --config options -o run2.h5ad --quiet || fail "--config: exit code $?"
cmp run1.h5ad run2.h5ad || fail "printed options do not give the same run"
"$LAZYNET" train s.h5ad --config options --seed 10 --print-config | grep -qx "seed = 10" || fail "--config beats the command line"
echo "replica = 3" >wrong
says 2 "replica" train s.h5ad -o run3.h5ad --config wrong
"$LAZYNET" train s.h5ad "${given[@]}" -o run4.h5ad --seed 9 --quiet 2>/dev/null && fail "an option given twice is taken"

# A dry run.
before=$(ls)
for pairs in pseudobulk cells; do
  search=$([[ $pairs == cells ]] && echo "penalty search" || echo "prior of responses")
  "$MPIEXEC" -n 2 "$LAZYNET" train s.h5ad -o run5.h5ad --edges run5.tsv --pairs $pairs --dry-run >"../$(basename "$work").log" 2>&1 || fail "dry run, $pairs: exit code $?"
  mv "../$(basename "$work").log" log
  for word in Forecast pseudobulk "$search" training "consensus and results" "peak memory per rank" "results on disk" "nothing was trained"; do
    grep -q "$word" log || fail "dry run, $pairs: no '$word' in: $(cat log)"
  done
  rm log
done
[[ $(ls) == "$before" ]] || fail "a dry run left $(ls)"
says 0 "nothing was trained" train s.h5ad --dry-run
says 2 "run1.h5ad exists" train s.h5ad --dry-run -o run1.h5ad
says 2 "no such file" train none.h5ad --dry-run
says 2 "--replicas must be" train s.h5ad --dry-run --replicas 0
says 2 "there is no folder" train s.h5ad --dry-run -o none/run.h5ad

# The forecast of the memory and of the file is near the truth.
"$LAZYNET" train s.h5ad -o run6.h5ad --dry-run --json forecast.json --quiet || fail "forecast: exit code $?"
"$LAZYNET" train s.h5ad -o run6.h5ad --json figures.json --quiet || fail "train --json: exit code $?"
number() { sed -n "s/.*\"$1\": *\([0-9.e+]*\).*/\1/p" "$2" | tail -n 1; }
near() { # near <what> <forecast> <truth>: within a factor of two
  awk -v a="$2" -v b="$3" 'BEGIN { exit !(a > b / 2 && a < 2 * b) }' || fail "forecast of $1: $2, in truth $3"
}
near memory "$(number peak_bytes forecast.json)" "$(number peak_bytes figures.json)"
near "the file's size" "$(number output_bytes forecast.json)" "$(stat -c %s run6.h5ad)"
"$LAZYNET" train s.h5ad -o run7.h5ad --fit steps --epochs 20 --json steps.json --quiet || fail "--fit steps: exit code $?"
grep -q '"penalty_search"' steps.json || fail "--json: no penalty_search with --fit steps"
says 2 "--fit closed is for" train s.h5ad -o run8.h5ad --fit closed --epochs 20
says 2 "need models in closed form" train s.h5ad -o run8.h5ad --fit steps --gene-graph graph.tsv
for key in held_out no_change mean noise_ceiling edges timings; do
  grep -q "\"$key\"" figures.json || fail "--json: no $key"
done
exit $failed
