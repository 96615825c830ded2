#!/usr/bin/env bash
# slurm_test.sh <lazynet_ranks>: submits the scripts of jobs/, as they are, to a real SLURM cluster of two nodes, and checks what
# they promise: the bytes of a run without SLURM; a job whose time runs out saves its work, queues again, goes on and ends with
# the same bytes; a cancelled job stays cancelled; arrays, many screens, scaling, evaluation.
set -euo pipefail
ranks_program=$1
here=$(cd "$(dirname "$0")" && pwd)
if [[ ! -e /run/slurm.conf ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  "$here/with_slurm.sh" -c $((2 + $(nproc))) "$here/$(basename "$0")" "$@"
  exit
fi
jobs=$here/../../jobs

said() { echo "== ${SECONDS} s: $*"; }
failed() { echo "FAILED: $*"; tail -n 30 ./*.out; squeue; exit 1; }
within() { # within <seconds> <command...>: until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@"; do ((SECONDS < end)) || failed "in vain: $*"; sleep 0.2; done
}
submit() { sbatch --parsable --time=10 --mem-per-cpu=500M "$@"; }
state() { scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' | head -n 1; }
is() { [[ $(state "$1") == "$2" ]]; }
says() { grep -q "$2" ./*-"$1".out 2>/dev/null; }
completes() { within "$1" ended "$2"; is "$2" COMPLETED || failed "job $2 is $(state "$2")"; }
ended() { [[ -z $(squeue -h -j "$1" 2>/dev/null) ]]; }
start_again() { # start_again <job>: SLURM lets a requeued job wait for two minutes; three seconds are enough
  within 60 is "$1" PENDING
  sleep 3
  scontrol update JobId="$1" StartTime=now TimeLimit=10
}

# srun does not say how many ranks a node has in mpirun's way: more of them than cores must yield all the same.
some=$(env -u OMPI_MCA_mpi_yield_when_idle srun -N1 -n1 "$ranks_program")
many=$(env -u OMPI_MCA_mpi_yield_when_idle srun -N1 -n$((1 + $(nproc))) "$ranks_program" | sort -u -t= -k6 | sed 's/.* //')
[[ $some == *yield=0 && $many == yield=1 ]] || failed "ranks that should yield: '$some' '$many'"

for seed in 1 2 3; do
  "$LAZYNET" simulate screen -o "s$seed.h5ad" --quiet --cells 1000 --genes 300 --perturbations 10 --seed $seed
done
printf '%s\n' s1.h5ad s2.h5ad s3.h5ad >screens.txt
export SCREEN=s1.h5ad
# Work for about a minute; it takes the time of a shorter run to know how much that is.
long=(--pairs cells --replicas 4 --l2 0.01 --patience 1000000 --quiet)
before=${EPOCHREALTIME/./}
mpirun -n 2 "$LAZYNET" train s1.h5ad "${long[@]}" --epochs 100 -o short.h5ad
epochs=$((60 * 100 * 1000000 / (${EPOCHREALTIME/./} - before)))
long+=(--epochs "$epochs")
said "$epochs epochs take about a minute"

# The time limit: SLURM looks every 30 seconds who is to be warned, so this job has 30 seconds at most.
limited=$(RUN=limited.h5ad submit --time=1 --signal=B:USR1@60 "$jobs/train.sbatch" "${long[@]}")
mpirun -n 2 "$LAZYNET" train s1.h5ad "${long[@]}" -o uninterrupted.h5ad &
reference=$!

plain=$(RUN=plain.h5ad submit "$jobs/train.sbatch" --quiet)
"$LAZYNET" train s1.h5ad -o plain.expected.h5ad --quiet
completes 60 "$plain"
cmp plain.h5ad plain.expected.h5ad
said "train.sbatch gives the bytes of a run without SLURM"
