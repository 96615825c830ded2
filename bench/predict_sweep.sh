#!/usr/bin/env bash
# predict_sweep.sh [FOLDER] [BUILD] [RANKS]: makes a run of random models for 18,000 genes (3 replicas x 9 blocks, 24 sums + 8
# products, 400 embedding dimensions) in FOLDER (default /tmp/lazynet-bench, 5.5 GB) and predicts every gene's knock-down,
# beside the time that a copy of the same file takes; then the interactions of all 1,124,250 pairs of 1,500 genes.
# Needs python3 with anndata (Debian: python3-anndata).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/tmp/lazynet-bench}
lazynet=${2:-$root/build/release}/src/lazynet
ranks=${3:-2}
python=${PYTHON:-/usr/bin/python3}
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
mkdir -p "$folder"
run=$folder/models.h5ad
[ -f "$run" ] || "$python" "$root/tests/cli/model_run.py" "$run" --genes 18000 --perturbed 2000 --unmeasured 50 --replicas 3 \
  --blocks 9 --sums 24 --products 8 --dimensions 400 --calibrated

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
for round in 1 2 3; do
  start=$(now)
  mpirun -n "$ranks" "$lazynet" predict "$run" --all-genes -o "$folder/sweep.h5ad" --overwrite 2>/dev/null | grep 'GB in'
  echo "  end to end on $ranks ranks: $(since "$start") s"
  start=$(now)
  cp "$folder/sweep.h5ad" "$folder/copy.h5ad" && sync "$folder/copy.h5ad"
  echo "  cp and sync of the same file: $(since "$start") s"
  rm "$folder/copy.h5ad"
done
rm "$folder/sweep.h5ad"
for ((i = 0; i < 15000; i += 10)); do echo "G$i"; done >"$folder/genes.txt"
start=$(now)
mpirun -n "$ranks" "$lazynet" predict "$run" --combinations all-of "$folder/genes.txt" --interactions "$folder/pairs.tsv" \
  --overwrite 2>/dev/null | grep ' pairs of'
echo "  ranked in $(since "$start") s end to end on $ranks ranks"
