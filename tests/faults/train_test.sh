#!/usr/bin/env bash
# train_test.sh <cut_file>: `lazynet train` is injured from outside: ranks stopped and killed, its input, its output and its disk
# taken away. All ranks end soon, one message says why, the earlier result is whole.
source "$(dirname "${BASH_SOURCE[0]}")/faults.sh"
ln -s "$LAZYNET" lazynet
cut_file=$1
export LAZYNET_WATCHDOG=4
"$LAZYNET" simulate screen -o s.h5ad --quiet --cells 800 --genes 600 --perturbations 40
quick=(--min-cells-per-perturbation 5 --replicas 2 --gene-blocks 2 --epochs 5 --l2 0.1)
"$LAZYNET" train s.h5ad -o first.h5ad --quiet "${quick[@]}" || fail "the first run: exit code $?"
mkdir out && cp first.h5ad out/run.h5ad
endless=(--min-cells-per-perturbation 5 --replicas 3 --epochs 9000000 --patience 9000000 --l2 0.1)

whole() { # whole <name> [folder]
  cmp -s first.h5ad "${2:-out}/run.h5ad" || fail "$1: the earlier result is not whole"
  [[ $(ls "${2:-out}") == run.h5ad ]] || fail "$1: left $(ls "${2:-out}")"
}
train() { # train <log> <ranks> <arguments...>
  local log=$1 ranks=$2; shift 2
  rm -f progress
  LAZYNET_PROGRESS=$work/progress begin "$log" "$MPIEXEC" -n "$ranks" "$work/lazynet" train "$@"
}
in_phase() { # in_phase <log> <rank> <phase> [progress file]: waits until that rank is there
  for _ in $(seq 200); do
    awk -v r="$2" -v p="$3" '$1 == r && $4 == p { found = 1 } END { exit !found }' "${4:-progress}" 2>/dev/null && return
    kill -0 "$job" 2>/dev/null || break
    sleep 0.1
  done
  fail "$1: rank $2 did not come to $3: $(cat "${4:-progress}" "$1.out" "$1.err")"
}
hold() { # waits until the job of this log begins to train, and holds its ranks, however fast the machine
  until grep -q 'shards on' "$1.out" 2>/dev/null; do
    kill -0 "$job" 2>/dev/null || { fail "$1: it did not train: $(cat "$1.err")"; return; }
    sleep 0.02
  done
  held=$(pgrep -f "^$work/lazynet train")
  kill -STOP $held
}
release() { kill -CONT $held; }
pid_of() { awk -v r="$1" '$1 == r { print $3 }' "${2:-progress}"; }
strike() { struck=$EPOCHREALTIME; "$@"; }

# Ranks.
injury() { # injury <signal> <ranks> <victim> <codes> <words>
  train "$1.$3" "$2" s.h5ad -o out/run.h5ad --overwrite "${endless[@]}"
  in_phase "$1.$3" "$3" training
  strike kill -"$1" "$(pid_of "$3")"
  judge "SIG$1 to rank $3/$2 in training" "$1.$3" "$4" "rank $3/$2 on $(hostname)$5"
  whole "SIG$1 to rank $3"
}
injury STOP 2 1 "1|137" " (pid "
injury STOP 3 0 "1|137" " (pid "
injury SEGV 3 1 139 ": segmentation fault in phase training; this is a bug"
injury KILL 3 2 "1|137" " (pid "
injury ABRT 2 0 134 ": aborted in phase training"

# The input.
size=$(stat -c %s s.h5ad)
head -c $((size * 6 / 10)) s.h5ad >short.h5ad
train short 2 short.h5ad -o out/run.h5ad --overwrite "${quick[@]}"
judge "input truncated before" short 2 "short.h5ad: "
whole "truncated input"
"$LAZYNET" simulate screen -o shrinks.h5ad --quiet --cells 8000 --genes 600
# 76 long reads look at the file, 38 on each rank take the cells in.
LD_PRELOAD=$cut_file CUT_AT=100 train shrinks 2 "$work/shrinks.h5ad" -o out/run.h5ad --overwrite "${quick[@]}"
judge "input truncated while it is streamed" shrinks 2 "the file was cut off while it was read"
whole "input truncated while it is streamed"
train gone 2 "$work/nowhere/s.h5ad" -o out/run.h5ad --overwrite "${quick[@]}"
judge "input in a folder that is gone" gone 2 "nowhere/s.h5ad: no such file"
"$LAZYNET" simulate screen -o packed.h5ad --quiet --cells 2000 --genes 600 --compression gzip
packed=$(stat -c %s packed.h5ad)
head -c 4000 /dev/zero | dd of=packed.h5ad bs=1 seek=$((packed / 2)) conv=notrunc 2>/dev/null
train damaged 2 packed.h5ad -o out/run.h5ad --overwrite "${quick[@]}"
judge "input with a damaged chunk" damaged 2 "packed.h5ad: "
train prior 2 s.h5ad -o out/run.h5ad --overwrite "${quick[@]}" --prune dash --prior "$work/out"
judge "prior is a folder" prior 2 "$work/out"
echo nonsense >prior.tsv
train noise 2 s.h5ad -o out/run.h5ad --overwrite "${quick[@]}" --prune dash --prior prior.tsv
judge "prior is no text" noise 2 "prior.tsv"
whole "prior"

# The output, while the job trains.
seconds_of_training=(--min-cells-per-perturbation 5 --replicas 2 --epochs 12000 --patience 12000 --l2 0.1)
mkdir lost && cp first.h5ad lost/run.h5ad
train lost 2 s.h5ad -o lost/run.h5ad --overwrite "${seconds_of_training[@]}"
hold lost
strike rm -r lost
release
judge "output folder removed in training" lost 2 "cannot write lost/run.h5ad"

if mkdir disk && mount -t tmpfs -o size=16m tmpfs disk 2>/dev/null; then
  cp first.h5ad disk/run.h5ad
  train full 2 s.h5ad -o disk/run.h5ad --overwrite "${seconds_of_training[@]}"
  hold full
  head -c 30000000 /dev/zero >disk/other 2>/dev/null
  strike release
  judge "disk filled in training" full 2 "disk/run.h5ad"
  rm disk/other
  whole "full disk" disk
  train readonly 2 s.h5ad -o disk/run.h5ad --overwrite "${seconds_of_training[@]}"
  hold readonly
  strike mount -o remount,ro disk
  release
  judge "disk made read-only in training" readonly 2 "disk/run.h5ad"
  whole "read-only disk" disk
else
  echo "may not mount a tmpfs here: full and read-only disks are left out"
fi

# Checkpoints.
saved=("${quick[@]}" --checkpoint steps)
train notafolder 2 s.h5ad -o out/run.h5ad --overwrite "${quick[@]}" --checkpoint s.h5ad
judge "checkpoint folder is a file" notafolder 2 "--checkpoint s.h5ad"
if mkdir small && mount -t tmpfs -o size=40k tmpfs small 2>/dev/null; then
  train nospace 2 s.h5ad -o out/run.h5ad --overwrite "${quick[@]}" --checkpoint small/steps
  judge "no room for checkpoints" nospace 2 "small/steps"
  mount -o remount,ro small
  train rosteps 2 s.h5ad -o out/run.h5ad --overwrite "${quick[@]}" --checkpoint small/others
  judge "checkpoints on a read-only disk" rosteps 2 "small/others"
  umount small
fi
train stepped 2 s.h5ad -o out/run.h5ad --overwrite "${endless[@]}" --checkpoint steps --checkpoint-minutes 0.01
in_phase stepped 1 training steps/progress
strike kill -SEGV "$(pid_of 1 steps/progress)"
judge "SIGSEGV to rank 1/2 with checkpoints" stepped 139 "segmentation fault in phase training"
whole "SIGSEGV with checkpoints"
train other 2 s.h5ad -o out/run.h5ad --overwrite "${endless[@]}" --seed 5 --checkpoint steps --resume
judge "resumed with another option" other 2 "--seed"
whole "resumed with another option"

# A damaged checkpoint is no end: what is damaged is done again.
train stopped 2 s.h5ad -o again.h5ad "${seconds_of_training[@]}" --checkpoint again --checkpoint-minutes 0.005
hold stopped
kill -USR1 "${held%%[[:space:]]*}"
release
wait "$job"
code=$?
[[ $code == 85 ]] || fail "stopped by SIGUSR1: exit code $code: $(cat stopped.err)"
newest=$(ls again/*.data | tail -1)
truncate -s $(($(stat -c %s "$newest") / 2)) "$newest"
train resumed 2 s.h5ad -o again.h5ad "${seconds_of_training[@]}" --checkpoint again --resume
wait "$job" || fail "resumed from a damaged checkpoint: exit code $?: $(cat resumed.err)"
echo "resumed from a damaged checkpoint:              0  $(grep -a '^lazynet: ' resumed.err)"
grep -q "^lazynet: warning: checkpoint again: " resumed.err || fail "no word of the damaged checkpoint: $(cat resumed.err)"
echo "$count faults"
exit $failed
