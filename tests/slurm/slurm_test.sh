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
  "$here/with_slurm.sh" -c $((2 + $(getconf _NPROCESSORS_ONLN))) "$here/$(basename "$0")" "$@"
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
state() { scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' | sort -u | paste -s; }
is() { [[ $(state "$1") == "$2" ]]; }
ended() { [[ -z $(squeue -h -j "$1" 2>/dev/null) ]]; }
completes() { within "$1" ended "$2"; is "$2" COMPLETED || failed "job $2 is $(state "$2")"; } # completes <seconds> <job>
goes_on() { # goes_on <job>: SLURM lets a requeued job wait for two minutes; three seconds are enough
  within 60 is "$1" PENDING
  sleep 3
  scontrol update JobId="$1" StartTime=now TimeLimit=10
}

# srun does not say how many ranks a node has in mpirun's way: more of them than cores must yield all the same.
yields() { env -u OMPI_MCA_mpi_yield_when_idle srun -N1 -n"$1" "$ranks_program" | sed 's/.* //' | sort -u; }
[[ $(yields 1) == yield=0 ]] || failed "one rank yields"
[[ $(yields $((1 + $(getconf _NPROCESSORS_ONLN)))) == yield=1 ]] || failed "more ranks than cores do not yield"

for seed in 1 2 3; do
  "$LAZYNET" simulate screen -o "s$seed.h5ad" --quiet --cells 1000 --genes 300 --perturbations 10 --seed $seed
done
printf '%s\n' s1.h5ad s2.h5ad s3.h5ad >screens.txt
export SCREEN=s1.h5ad
# Work for about a minute; what that is, a short run tells.
work=(--pairs cells --replicas 4 --l2 0.01 --patience 1000000)
started=${EPOCHREALTIME/./}
mpirun --oversubscribe -n 4 "$LAZYNET" train s1.h5ad "${work[@]}" --epochs 100 -o short.h5ad --quiet
epochs=$((60 * 100 * 1000000 / (${EPOCHREALTIME/./} - started)))
said "$epochs epochs take about a minute"

# The time limit. SLURM looks every 30 seconds at who is to be warned, so a job has between none and half a minute. If it was
# done by then, it gets more work; if it had not even begun, another chance.
waits_or_ended() { is "$1" PENDING || ended "$1"; }
for ((attempt = 1; attempt <= 4; ++attempt)); do
  limited=$(RUN=limited.h5ad submit --time=1 --signal=B:USR1@60 "$jobs/train.sbatch" "${work[@]}" --epochs $epochs)
  within 60 is "$limited" RUNNING
  within 120 waits_or_ended "$limited"
  if is "$limited" PENDING; then break; fi
  [[ ! -e limited.h5ad ]] || epochs=$((4 * epochs))
  rm -rf limited.*
done
is "$limited" PENDING || failed "job $limited is $(state "$limited")"
mpirun --oversubscribe -n 2 "$LAZYNET" train s1.h5ad "${work[@]}" --epochs $epochs -o uninterrupted.h5ad --quiet &
reference=$!
said "out of time: back in the queue"

plain=$(RUN=plain.h5ad submit "$jobs/train.sbatch" --quiet)
"$LAZYNET" train s1.h5ad -o expected.h5ad --quiet
completes 240 "$plain"
cmp plain.h5ad expected.h5ad
said "train.sbatch gives the bytes of a run without SLURM"
goes_on "$limited"

scaling=$(REPLICAS=1 submit "$jobs/scaling.sbatch")
completes 240 "$scaling"
cut -d, -f1-4 scaling.csv | diff - <(printf '%s\n' study,nodes,ranks,replicas strong,1,1,4 strong,1,2,4 strong,2,4,4 \
  weak,1,1,1 weak,1,2,2 weak,2,4,4) || failed "scaling.csv"
cat ./*-"$scaling".out
[[ $(awk '/^(strong|weak)/ && $NF > 0' ./*-"$scaling".out | wc -l) == 6 ]] || failed "table of scaling"
awk -F, 'NR > 1 && !($5 >= 0 && $6 > $5 && $7 < $6 && ($8 > 0 || $3 == 1))' scaling.csv | grep . && failed "seconds in scaling.csv"

evaluation=$(submit "$jobs/evaluate.sbatch" --replicas 2)
completes 240 "$evaluation"
grep -q 'gears_pearson_delta' ./*-"$evaluation".out
[[ -s judged/split.json && -s judged/predictions.h5ad && -s judged/summary.csv ]] || failed "evaluation"
said "scaling and evaluation"

together=$(RUNS=together submit "$jobs/train_screens.sbatch" --replicas 2 --quiet)
for seed in 1 2 3; do "$LAZYNET" train s$seed.h5ad -o "alone$seed.h5ad" --replicas 2 --quiet; done
completes 240 "$together"
for seed in 1 2 3; do cmp together/s$seed.h5ad alone$seed.h5ad; done
[[ -s together/cross_screen.h5ad ]] || failed "the screens were not compared"
said "many screens in one job"

# An array of two tasks for three screens. One is warned, saves, queues again and goes on; the first screen is the limited run's.
mkdir runs
epochs=$((epochs / 5))
array=$(submit --array=1-2 "$jobs/train_array.sbatch" "${work[@]}" --epochs $epochs)
within 60 test -e runs/s1.h5ad.checkpoints
scancel --signal=USR1 --batch "${array}_1"
within 60 is "${array}_1" PENDING
mpirun --oversubscribe -n 2 "$LAZYNET" train s1.h5ad "${work[@]}" --epochs $epochs -o s1.expected.h5ad --quiet
goes_on "${array}_1"
completes 240 "$array"
cmp runs/s1.h5ad s1.expected.h5ad
grep -q 'going on from step' ./*-"${array}_1.out" || failed "how the array's task went on"
[[ -s runs/s2.h5ad && -s runs/s3.h5ad ]] || failed "screens of the array"
said "array"

# Who cancels a job gets rid of it.
cancelled=$(RUN=cancelled.h5ad submit "$jobs/train.sbatch" "${work[@]}" --epochs 100000)
within 60 test -e cancelled.h5ad.checkpoints
scancel "$cancelled"
within 30 ended "$cancelled"
sleep 2
is "$cancelled" CANCELLED || failed "a cancelled job is $(state "$cancelled")"
said "a cancelled job stays cancelled"

wait $reference
completes 240 "$limited"
cmp limited.h5ad uninterrupted.h5ad
grep -q 'stopped on SIGUSR1' ./*-"$limited".out && grep -q 'going on from step' ./*-"$limited".out || failed "how it went on"
said "out of time, requeued, resumed: the same bytes"
