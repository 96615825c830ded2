#!/usr/bin/env bash
# results_full_disk.sh <write_run>: a full disk is an error on all ranks: exit code 2, no hang, older result whole.
source "$(dirname "${BASH_SOURCE[0]}")/preamble.sh"
trap 'umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir disk
mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null || { echo "skipped: may not mount a tmpfs here"; exit 77; }

fails_whole() { # fails_whole <ranks> <words expected> <arguments...>: the older result is whole, nothing else is there
  local ranks=$1 words=$2; shift 2
  fails "$ranks" "$words" disk/run.h5ad "$@"
  rm -f disk/run.h5ad.other
  cmp disk/run.h5ad before.h5ad
  [[ $(ls disk) == run.h5ad ]] || { echo "left behind: $(ls disk)"; exit 1; }
}
"$write_run" disk/run.h5ad
cp disk/run.h5ad before.h5ad
for ranks in 1 3; do
  # Known before: 9 MB of matrices; and 300,000 labels, which need more than their matrices.
  fails_whole "$ranks" "it needs 9.*MB and its folder has [78].*MB free" --genes 750
  fails_whole "$ranks" "it needs .*MB and its folder has [78].*MB free" --genes 10 --conditions 100000
  # Found out while writing, by every transfer length.
  fails_whole "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full
  fails_whole "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full --rows 100
  fails_whole "$ranks" "cannot write .*disk/run.h5ad.*free in its folder" --genes 600 --break full --top 300
done
# Room for a new file beside the old one: done.
"$MPIEXEC" -n 2 "$write_run" disk/run.h5ad --genes 600
