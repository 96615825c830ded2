#!/usr/bin/env bash
# train_full_disk_test.sh: a full disk is an error with code 2 and one message, for the results and for the edge list; no
# hang, nothing half-written.
set -u
work=$(mktemp -d)
cleanup() { umount "$work/disk" 2>/dev/null; rm -rf "$work"; }
trap cleanup EXIT
cd "$work" || exit 1
mkdir disk
mount -t tmpfs -o size=1200k tmpfs disk 2>/dev/null || { echo "skipped: may not mount a tmpfs here"; exit 77; }
failed=0
fail() { echo "FAILED: $*"; failed=1; }
judge() { # judge <what> <code> <words expected> <files left>
  [[ $2 == 2 ]] || fail "$1: exit code $2, not 2: $(cat err)"
  [[ $(grep -c '^lazynet: ' err) == 1 ]] || fail "$1: not one message: $(cat err)"
  grep -qF -- "$3" err || fail "$1: no '$3' in: $(cat err)"
  [[ $(ls disk) == "$4" ]] || fail "$1: left $(ls disk)"
  rm -f disk/*
}
"$LAZYNET" simulate screen -o s.h5ad --quiet --cells 800 --genes 600 --perturbations 40
for ranks in 1 3; do
  train=(timeout 60 "$MPIEXEC" -n $ranks "$LAZYNET" train s.h5ad --min-cells-per-perturbation 5 --replicas 2
    --gene-blocks 2 --epochs 5 --l2 0.1 --quiet -o disk/run.h5ad)
  "${train[@]}" >log 2>err
  judge "$ranks ranks, no room for the results" $? "cannot write disk/run.h5ad: it needs" ""
  "${train[@]}" --dry-run >log 2>err
  judge "$ranks ranks, forecast" $? "are needed and its folder has" ""
  "${train[@]}" --store none --edges disk/edges.tsv >log 2>err
  judge "$ranks ranks, no room for the edge list" $? "cannot write disk/edges.tsv" "run.h5ad"
  "${train[@]}" --store none >log 2>err || fail "$ranks ranks: there is room without the list: $(cat err)"
  rm -f disk/*
done
exit $failed
