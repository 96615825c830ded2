#!/usr/bin/env bash
# step_vs_torch.sh [BUILD]: the training step (18,000 genes, 128 sums + 128 products, batch 512) and the consensus rows,
# on one core, beside this machine's own matrix product and beside PyTorch, alternating in one run.
# Needs python3 with torch (Debian: python3-torch). Default BUILD: build/release.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}
python=${PYTHON:-/usr/bin/python3}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

ours() {  # prints "name GFLOP/s" lines
  "$build/bench/kernels_bench" --benchmark_filter="$1" --benchmark_min_time=2 --benchmark_format=csv 2>/dev/null |
    awk -F, 'NR > 1 && $1 ~ /^"/ { gsub(/"/, "", $1); print $1, $NF }'
}
torch() { "$python" "$root/bench/peers/torch_step.py" | tr ' ' '\n' | awk -F= -v k="$1" '$1 == k { print $2 }'; }

torch_a=$(torch gflops)
rates=$(ours '^sgemm|^step_(sparse_cells|dense)/18000/256|^consensus')
torch_b=$(torch gflops)
torch_sgemm=$(torch own_sgemm_gflops)
echo "$rates" | awk -v ta="$torch_a" -v tb="$torch_b" -v ts="$torch_sgemm" '
  { rate[$1] = $2 }
  END {
    best = ta > tb ? ta : tb
    sgemm = rate["sgemm"]
    printf "Eigen sgemm                          %7.1f GFLOP/s\n", sgemm
    printf "PyTorch sgemm                        %7.1f GFLOP/s\n", ts
    printf "PyTorch step (better of two)         %7.1f GFLOP/s\n", best
    for (n in rate) if (n ~ /^step/)
      printf "%-36s %7.1f GFLOP/s of the plain dense step   %5.2f x sgemm   %5.2f x PyTorch\n", n, rate[n], rate[n] / sgemm, rate[n] / best
    for (n in rate) if (n ~ /^consensus_rows/) {
      alone = n; sub("consensus_rows", "consensus_products_alone", alone)
      printf "%-36s %7.1f GFLOP/s                           %5.2f x the products alone\n", n, rate[n], rate[n] / rate[alone]
    }
  }'
