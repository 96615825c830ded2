#!/usr/bin/env bash
# simulated_truth.sh OUT [LAZYNET]: error of predicted changes against the noise-free truth of simulated screens, of
# several sizes and depths, for trained perturbations and for doubles that were never made; and how many true values lie
# in the 50 % and 90 % intervals. Needs python3-anndata.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
lazynet=$(realpath "${2:-build/dev/src/lazynet}")
cd "$1"

# seed, genes, cells, singles, doubles, transcripts per cell
for spec in "0 500 4000 60 40 5000" "1 500 4000 60 40 5000" "2 1000 12000 120 60 5000" "3 500 8000 60 40 1500"; do
  read -r seed genes cells singles doubles depth <<<"$spec"
  "$lazynet" simulate screen -o "s$seed.h5ad" --seed "$seed" --genes "$genes" --cells "$cells" --perturbations "$singles" \
    --doubles "$doubles" --depth "$depth" --held-out-doubles 40 --overwrite --quiet
  "$lazynet" train "s$seed.h5ad" -o "s$seed.run.h5ad" --overwrite --quiet
  for part in trained doubles; do
    "$here/simulated_truth.py" labels "s$seed" "$part"
    "$lazynet" predict "s$seed.run.h5ad" --perturbations "s$seed.$part" -o "s$seed.$part.h5ad" --overwrite --quiet
    "$here/simulated_truth.py" score "s$seed" "$part"
  done
done
