#!/usr/bin/env bash
# results_failures.sh <write_run>: whatever goes wrong, on one rank or on all, the run ends with code 2 and a reason, the
# older result stays whole and no temporary file remains.
source "$(dirname "${BASH_SOURCE[0]}")/preamble.sh"

"$write_run" run.h5ad
cp run.h5ad before.h5ad
for ranks in 1 3; do
  fails "$ranks" "cannot write varp/consensus_mean.*run.h5ad" run.h5ad --break fsize --genes 300
  fails "$ranks" "something else failed on all ranks" run.h5ad --break agreed
  fails "$ranks" "something else failed on one rank" run.h5ad --break alone
  fails "$ranks" "is another run writing the same output" run.h5ad --break replaced
  rm run.h5ad.tmp-lazynet  # the other run's: not ours to remove
  fails "$ranks" "something else failed on one rank" run.h5ad --break replaced-alone
  rm run.h5ad.tmp-lazynet
  # What only the root does fails without the name of a rank.
  fails "$ranks" "error: cannot write nowhere/run.h5ad: No such file or directory" nowhere/run.h5ad
  fails "$ranks" "cannot write /proc/run.h5ad" /proc/run.h5ad
  cmp run.h5ad before.h5ad
  [[ $(ls) == $'before.h5ad\nrun.h5ad' ]] || { echo "left behind: $(ls)"; exit 1; }
done
# What a killed run left is no obstacle, and an output is replaced whole.
echo rubbish >run.h5ad.tmp-lazynet
"$MPIEXEC" -n 2 "$write_run" run.h5ad --top 3
"$MPIEXEC" -n 3 "$write_run" fresh.h5ad --top 3
cmp run.h5ad fresh.h5ad
[[ ! -e run.h5ad.tmp-lazynet ]]
