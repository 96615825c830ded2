#!/usr/bin/env bash
# results_bytes.sh <write_run>: the same bytes for 1, 2, 3 and 4 ranks, for any batch and transfer length, and whatever
# the memory held before.
source "$(dirname "${BASH_SOURCE[0]}")/preamble.sh"

same() { # same <name> <ranks> <arguments...>: compares with the first file of that name
  local name=$1 ranks=$2; shift 2
  "$MPIEXEC" -n "$ranks" "$write_run" next.h5ad "$@"
  if [[ -e $name.h5ad ]]; then cmp next.h5ad "$name.h5ad"; rm next.h5ad; else mv next.h5ad "$name.h5ad"; fi
}
for ranks in 1 2 3 4; do
  same dense "$ranks"
  same sparse "$ranks" --top 6
  same chunked "$ranks" --genes 1100 --rows 100  # from 4 MiB on matrices are chunked
done
MALLOC_PERTURB_=165 same dense 2 --rows 1
same dense 2 --transfer 200     # one row and a part of another: one row each
same dense 2 --transfer 1       # shorter than a row: still whole rows
same sparse 2 --top 6 --transfer 12 --rows 1
same chunked 2 --genes 1100 --rows 1000 --transfer 100000
[[ $(ls) == $'chunked.h5ad\ndense.h5ad\nsparse.h5ad' ]] || { echo "left behind: $(ls)"; exit 1; }

if cmp -s dense.h5ad sparse.h5ad; then echo "the comparison sees nothing"; exit 1; fi
"$MPIEXEC" -n 2 "$write_run" dense2.h5ad --break none-written
if cmp -s dense.h5ad dense2.h5ad; then echo "rows were not written"; exit 1; fi
