#!/usr/bin/env bash
# train_failures_test.sh: whatever goes wrong, on one rank or on all: exit code 2 (a killed rank: not 0), one message that
# says why, no hang, the older result whole, no temporary file.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $*"; failed=1; }
"$LAZYNET" simulate screen -o s.h5ad --quiet --cells 300 --genes 200 --perturbations 8
fast="--replicas 2 --gene-blocks 2 --epochs 5 --l2 0.1 --quiet"
mkdir out
# shellcheck disable=SC2086
"$LAZYNET" train s.h5ad -o out/run.h5ad --edges out/edges.tsv $fast || fail "the first run: exit code $?"
cp -r out before

whole() { # whole <what>: nothing in out has changed
  diff -r before out >diff.log || fail "$1: the older result is not whole: $(cat diff.log)"
}
judge() { # judge <what> <code> <words expected>
  [[ $2 == 2 ]] || fail "$1: exit code $2, not 2: $(cat err)"
  [[ $(grep -c '^lazynet: ' err) == 1 ]] || fail "$1: not one message: $(cat err)"
  grep -qF -- "$3" err || fail "$1: no '$3' in: $(cat err)"
  whole "$1"
}
refused() { # refused <words expected> <arguments...>: on three ranks
  local words=$1; shift
  timeout 60 "$MPIEXEC" -n 3 "$LAZYNET" train "$@" >log 2>err
  judge "train $*" $? "$words"
}
# The command line.
refused "unrecognised option '--replica'" s.h5ad -o out/run.h5ad --overwrite --replica 3
refused "'--replicas' is invalid" s.h5ad -o out/run.h5ad --overwrite --replicas many
refused "--replicas must be at least 1" s.h5ad -o out/run.h5ad --overwrite --replicas 0
refused "--pairs bulk: expected pseudobulk or cells" s.h5ad -o out/run.h5ad --overwrite --pairs bulk
refused "--store some: expected full, top:K or none" s.h5ad -o out/run.h5ad --overwrite --store some
refused "--l2 much: expected a number or auto" s.h5ad -o out/run.h5ad --overwrite --l2 much
refused "--l2 auto needs validation data" s.h5ad -o out/run.h5ad --overwrite --validation-share 0 --bootstrap none
refused "--config nowhere: cannot read this file" s.h5ad -o out/run.h5ad --overwrite --config nowhere
refused "expected one screen" -o out/run.h5ad --overwrite
refused "no such file" nowhere.h5ad -o out/run.h5ad --overwrite
# Outputs.
refused "out/run.h5ad exists; give another name with -o, or --overwrite to replace it" s.h5ad -o out/run.h5ad
refused "out/edges.tsv exists" s.h5ad -o out/new.h5ad --edges out/edges.tsv
refused "no output named" s.h5ad
refused "out is a folder" s.h5ad -o out --overwrite
refused "there is no folder" s.h5ad -o nowhere/run.h5ad
refused "there is no folder" s.h5ad -o out/new.h5ad --edges nowhere/edges.tsv
refused "there is no folder" s.h5ad -o out/new.h5ad --json nowhere/figures.json
# /proc pretends to be writable, so this shows only when the results are made.
refused "cannot write /proc/run.h5ad" s.h5ad -o /proc/run.h5ad $fast

# One rank alone sees another folder: the others must hear of it.
mkdir elsewhere
timeout 60 "$MPIEXEC" -n 2 "$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite $fast \
  : -n 1 sh -c 'cd elsewhere && exec "$0" "$@"' "$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite $fast >log 2>err
judge "one rank without the file" $? "no such file"

# One rank alone may write no large file; the root, then another one.
# (In units of 1024 bytes. MPI's own files are larger than the limit where ranks share memory through /tmp.)
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo
limited=(bash -c 'ulimit -f 300; exec "$0" "$@"' "$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite)
free=("$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite)
timeout 60 "$MPIEXEC" -n 1 "${limited[@]}" $fast : -n 1 "${free[@]}" $fast >log 2>err
judge "root stopped by a file size limit" $? "cannot write"
timeout 60 "$MPIEXEC" -n 1 "${free[@]}" $fast : -n 1 "${limited[@]}" $fast >log 2>err
judge "rank 1 stopped by a file size limit" $? "cannot write"
unset OMPI_MCA_btl OMPI_MCA_btl_tcp_if_include

# One rank is killed in training: the job ends, and not as if all were well.
timeout 60 "$MPIEXEC" -n 1 "$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite --replicas 2 --epochs 9000000 --patience 9000000 --l2 0.1 \
  : -n 1 sh -c 'echo $$ >victim; exec "$0" "$@"' "$LAZYNET" train s.h5ad -o out/run.h5ad --overwrite --replicas 2 \
  --epochs 9000000 --patience 9000000 --l2 0.1 >log 2>err &
job=$!
for _ in $(seq 200); do
  grep -q 'shards on 2 ranks' log && break
  sleep 0.1
done
sleep 0.5 # training takes minutes
grep -q 'shards on 2 ranks' log || fail "killed rank: training did not begin: $(cat log err)"
kill -9 "$(cat victim)"
wait $job
code=$?
[[ $code != 0 && $code != 124 ]] || fail "killed rank: exit code $code"
whole "killed rank"

exit $failed
