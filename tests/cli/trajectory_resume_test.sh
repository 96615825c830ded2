#!/usr/bin/env bash
# trajectory_resume_test.sh: a trajectory run that is stopped (SIGUSR1, exit code 85) or killed (one rank, all ranks, the
# launcher) again and again and resumed on other numbers of ranks ends with the bytes of one that was left alone.
set -u
folder=$(mktemp -d)
launcher=
ranks_of() { ps -o pid= --ppid "$launcher" | tr -d ' '; }
trap '[[ -z $launcher ]] || kill -9 $(ranks_of) "$launcher" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
fail() { echo "FAILED: $*"; cat out err 2>/dev/null | tail -20; exit 1; }

"$LAZYNET" simulate trajectories -o t --genes 40 --seed 3 --quiet || fail "simulate"
train=$(ls t*train*.csv | head -1)
prior=$(ls t*prior* | head -1)
run() { # run <ranks> <output> <options ...>
  local ranks=$1 output=$2
  shift 2
  "$MPIEXEC" -n "$ranks" "$LAZYNET" train "$train" -o "$output" --quiet --replicas 3 --prior "$prior" --bootstrap "$@"
}
interrupt() { # interrupt <how>: and waits until nothing is left of the run; its exit code is in $code
  local pids
  pids=$(ranks_of)
  case $1 in
    stop) kill -USR1 $launcher ;;
    rank) kill -9 $(tail -1 <<<"$pids") ;;
    ranks) kill -9 $pids ;;
    launcher) kill -9 $launcher ;;
  esac 2>/dev/null
  wait $launcher 2>/dev/null
  code=$?
  for pid in $pids; do
    for ((i = 0; i < 100; ++i)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  done
  kill -9 $pids 2>/dev/null
  launcher=
}
how=(stop rank stop ranks stop launcher)
check() { # check <name> <options ...>
  local name=$1 stops=0 kills=0 round=0 run
  shift
  run=("$LAZYNET" train "$train" --quiet --replicas 3 --prior "$prior" --bootstrap "$@")
  timeout 100 "$MPIEXEC" -n 2 "${run[@]}" -o "$name.whole.h5ad" || fail "$name: uninterrupted"
  run+=(-o "$name.h5ad" --checkpoint "$name.steps" --resume --checkpoint-epochs 5)
  while [[ ! -e $name.h5ad ]]; do
    ((++round > 40)) && fail "$name: never done"
    "$MPIEXEC" -n $((1 + round % 3)) "${run[@]}" >out 2>err &
    launcher=$!
    for ((i = 0; i < 100; ++i)); do # until it saves
      before=$(ls -U "$name.steps" 2>/dev/null | tr '\n' ' ')
      sleep 0.1
      [[ $(ls -U "$name.steps" 2>/dev/null | tr '\n' ' ') == "$before" ]] || break
      kill -0 $launcher 2>/dev/null || break
    done
    sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
    interrupt "${how[round % 6]}"
    case $code in
      0) ;;
      85) stops=$((stops + 1)); grep -q "run the same command with --resume" out || fail "$name: stopped without a word" ;;
      137) kills=$((kills + 1)) ;;
      *) fail "$name: exit code $code" ;;
    esac
    grep -q warning err && fail "$name: $(cat err)"
  done
  cmp "$name.h5ad" "$name.whole.h5ad" || fail "$name: other bytes after $stops stops and $kills kills"
  ((stops + kills > 0)) || fail "$name: was never interrupted"
  echo "$name: $stops stops, $kills kills"
  timeout 60 "$MPIEXEC" -n 2 "${run[@]}" >out 2>err || fail "$name: a finished run is refused"
}
check rounds --epochs 60 --prune dash
check gates --epochs 40 --prune pathreg
check grid --epochs 12 --prune dash --dash-grid

# What it was made with counts.
timeout 60 "$LAZYNET" train "$train" --quiet --replicas 3 --prior "$prior" --bootstrap --epochs 61 --prune dash \
  -o rounds.h5ad --checkpoint rounds.steps --resume >out 2>err && fail "another option was taken"
grep -q -- "was made with --epochs 60, this run has --epochs 61" err || fail "said $(cat err)"
