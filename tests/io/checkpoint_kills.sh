#!/usr/bin/env bash
# checkpoint_kills.sh <write_checkpoint> [seconds]: whenever all ranks are killed, the folder opens with a whole step, no
# older than the last one that was reported saved; and nothing but two steps and their data is left in the end.
set -u
write=$1
seconds=${2:-18}
folder=$(mktemp -d)
cd "$folder" || exit 1
kill_ranks() { sed -n 's/^pid //p' log | xargs -r kill -9 2>/dev/null; }
trap 'kill_ranks; rm -rf "$folder"' EXIT
fail() { echo "FAILED after $kills kills: $*"; ls c | tail -20; exit 1; }

kills=0
said=0
while ((SECONDS < seconds)); do
  ranks=$((kills % 4 == 3 ? 3 : 1)) # mpirun needs two seconds to notice
  launch=() && ((ranks > 1)) && launch=("$MPIEXEC" -n $ranks)
  : >log
  timeout 60 "${launch[@]}" "$write" c write 100000 $((1 + kills % 2 * 400)) >log 2>err &
  for ((i = 0; i < 1500 && $(grep -c '^pid' log) < ranks; ++i)); do sleep 0.02; done
  sleep "0.$((RANDOM % 4))$((RANDOM % 10))$((RANDOM % 10))"
  kill_ranks
  wait $! 2>/dev/null
  kills=$((kills + 1))
  last=$(sed -n 's/^round //p' log | tail -1)
  said=${last:-$said}
  timeout 60 "$write" c check >checked 2>err || fail "$(cat err)"
  grep -q warning err && fail "$(cat err)"
  round=$(sed -n 's/^round //p' checked)
  ((round >= said && round <= said + 1)) || fail "round $said was saved, round $round is there"
  said=$round
done
((kills >= 3 && said > 0)) || fail "too few kills, or no round saved"
timeout 60 "$MPIEXEC" -n 2 "$write" c write 3 1 >log 2>err || fail "$(cat err)"
[[ $(ls c | grep -c DONE) == 2 && -z $(ls c | grep tmp) ]] || fail "litter"
echo "$kills kills, $said rounds"
