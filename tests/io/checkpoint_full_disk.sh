#!/usr/bin/env bash
# checkpoint_full_disk.sh <write_checkpoint>: a full disk ends a save with code 2 and one message, on any number of ranks;
# the steps before stay as they were, nothing half-written remains, and with room the work goes on from there.
source "$(dirname "${BASH_SOURCE[0]}")/preamble.sh"
trap 'umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir disk
mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null || { echo "skipped: may not mount a tmpfs here"; exit 77; }
write=$write_run
for ranks in 1 3; do
  "$MPIEXEC" -n 2 "$write" disk/c write 2 200 >/dev/null # 1.6 MB each
  (cd disk/c && sha256sum ./*) >before
  fails "$ranks" "error: cannot write disk/c/step-000003.data: it needs .* MB and its folder has .* MB free" disk/c write 1 700
  (cd disk/c && sha256sum ./*) >after && cmp before after
  [[ $("$MPIEXEC" -n "$ranks" "$write" disk/c check | grep round) == "round 2" ]]
  # The disk fills up while steps are saved, before a look at the space or after it.
  (sleep 0.7; cat /dev/zero >disk/other 2>/dev/null || true) &
  fails "$ranks" "error: .*cannot write disk/c/step-" disk/c write 100000 200
  wait
  [[ $(ls disk/c | wc -l) -ge 4 && $(ls disk/c/*.DONE | wc -l) == 2 && -z $(ls disk/c | grep tmp) ]]
  rm disk/other
  "$MPIEXEC" -n 2 "$write" disk/c write 1 200 >log 2>err.log
  grep -q round log && ! grep -q warning err.log
  rm -r disk/c
done
