#!/usr/bin/env bash
# quickstart.sh: from a fresh Debian or Ubuntu machine to a consensus interaction matrix. Installs what is missing,
# builds the program, simulates a screen whose truth is known, trains on it with 2 ranks, and compares. Results: demo/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/packages.sh

require_packages "${build_packages[@]}"

echo "== building (build/release)"
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { # shows what a command said only when it failed
  "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}
quietly cmake --preset release -DBUILD_TESTING=OFF -DLAZYNET_BUILD_BENCH=OFF
quietly cmake --build build/release --target lazynet --parallel "$(nproc)"
lazynet=$PWD/build/release/src/lazynet

prepare_mpi
mkdir -p demo
echo "== simulating a screen: 2,000 cells, 500 genes, 40 of them perturbed (CRISPRi)"
"$lazynet" simulate screen -o demo/screen.h5ad --overwrite

echo
echo "== training 5 replicas on 2 ranks"
mpirun -n 2 "$lazynet" train demo/screen.h5ad -o demo/run.h5ad --edges demo/edges.tsv --json demo/run.json --overwrite

echo
echo "== the 20 most certain edges against the network that made the data (demo/screen.edges.tsv)"
awk -f jobs/compare_edges.awk demo/screen.edges.tsv demo/edges.tsv

cat <<END

Results, in $PWD/demo:
  run.h5ad      predictions and the consensus matrix; in Python: anndata.read_h5ad("demo/run.h5ad").varp["consensus_mean"]
  edges.tsv     all edges, most certain first (regulator, target, mean, sd, sign_agreement, selected)
  run.json      the figures above
  screen.h5ad   the simulated screen; screen.truth.h5ad and screen.edges.tsv hold its truth
Your own data:  build/release/src/lazynet inspect SCREEN.h5ad
                mpirun -n 2 build/release/src/lazynet train SCREEN.h5ad -o RUN.h5ad --edges EDGES.tsv
END
