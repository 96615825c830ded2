#!/usr/bin/env bash
# results_full_disk.sh <write_run>: a full disk is an error on all ranks: exit code 2, no hang, older result whole.
set -eu
write_run=$1
folder=$(mktemp -d)
cleanup() { umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
mkdir "$folder/disk"
mount -t tmpfs -o size=8m tmpfs "$folder/disk" 2>/dev/null || { echo "skipped: may not mount a tmpfs here"; exit 77; }
cd "$folder"

fails() { # fails <ranks> <words expected> <arguments...>
  local ranks=$1 words=$2 code=0; shift 2
  timeout 60 "$MPIEXEC" -n "$ranks" "$write_run" disk/run.h5ad "$@" >out.log 2>err.log || code=$?
  [[ $code == 2 ]] || { echo "$ranks ranks, $*: exit code $code instead of 2"; cat err.log; exit 1; }
  [[ $(grep -c "$words" err.log) == 1 ]] || { echo "$ranks ranks, $*: not one '$words' in"; cat err.log; exit 1; }
  rm -f disk/run.h5ad.other
  cmp disk/run.h5ad before.h5ad
  [[ $(ls disk) == run.h5ad ]] || { echo "left behind: $(ls disk)"; exit 1; }
}
"$write_run" disk/run.h5ad
cp disk/run.h5ad before.h5ad
for ranks in 1 3; do
  # Known before: 9 MB of matrices; and 300,000 labels, which need more than their matrices.
  fails "$ranks" "it needs 9.*MB and its folder has [78].*MB free" --genes 750
  fails "$ranks" "it needs .*MB and its folder has [78].*MB free" --genes 10 --conditions 100000
  # Found out while writing, by every transfer length.
  fails "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full
  fails "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full --rows 100
  fails "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full --top 300
done
# Room for a new file beside the old one: done.
"$MPIEXEC" -n 2 "$write_run" disk/run.h5ad --genes 600
