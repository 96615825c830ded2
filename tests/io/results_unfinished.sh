#!/usr/bin/env bash
# results_unfinished.sh <write_run>: a file whose writers are killed at any moment is taken up by the next run, on another
# number of ranks too, from where it was flushed last; in the end it has the bytes of one that was written at once.
source "$(dirname "${BASH_SOURCE[0]}")/preamble.sh"
kill_ranks() { sed -n 's/^pid //p' log | xargs -r kill -"$1" 2>/dev/null || true; }
trap 'kill_ranks KILL; rm -rf "$folder"' EXIT
fail() { echo "FAILED: $*"; cat log err; ls -l; exit 1; }
declared=(--genes 900 --rows 2)
run() { # run <ranks> <arguments...>
  local launch=() ranks=$1; shift
  ((ranks > 1)) && launch=("$MPIEXEC" -n "$ranks")
  timeout 60 "${launch[@]}" "$write_run" run.h5ad "${declared[@]}" --turns 2 "$@" >log 2>err
}
from() { sed -n 's/^from row //p' log; }
saved() { head -1 run.h5ad.mark 2>/dev/null || echo 0; }

"$write_run" whole.h5ad "${declared[@]}"
kills=0
went_on=0
while ((kills < 12)); do
  : >log
  before=$(saved)
  run $((kills % 4 == 3 ? 3 : 1)) &
  for ((i = 0; i < 500 && $(grep -c '^from' log) < 1; ++i)); do sleep 0.01; done
  [[ $(from) == "$before" ]] || fail "from row $(from), not $before"
  ((before > 0)) && went_on=$((went_on + 1))
  sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
  signal=$((kills % 3 == 2 ? 15 : 9))
  kill_ranks $signal
  wait $! 2>/dev/null || true
  if [[ -e run.h5ad ]]; then # it was faster
    cmp run.h5ad whole.h5ad
    rm run.h5ad run.h5ad.mark
    continue
  fi
  [[ -e run.h5ad.tmp-lazynet ]] || fail "the unfinished file is gone"
  h5dump -H run.h5ad.tmp-lazynet >/dev/null 2>&1 || ! command -v h5dump >/dev/null || fail "cannot be read"
  kills=$((kills + 1))
done
run 2 || fail "the last run"
((went_on >= 1)) || fail "never went on"
cmp run.h5ad whole.h5ad
echo "$kills kills, went on $went_on times"

# An exception leaves the file, too.
rm run.h5ad run.h5ad.mark
run 2 --break agreed && fail "no error"
[[ -e run.h5ad.tmp-lazynet && $(saved) == 900 ]] || fail "not kept"
# Another file under the name, or other declarations: from the beginning.
cp run.h5ad.tmp-lazynet copy && mv copy run.h5ad.tmp-lazynet
run 1 --break agreed && fail "no error"
[[ $(from) == 0 ]] || fail "took another file for its own"
run 2 --break agreed --conditions 12 && fail "no error"
[[ $(from) == 0 ]] || fail "took up what was declared differently"
run 3 --conditions 12 || fail "the last run"
[[ $(from) == 900 && $(ls) == $'err\nlog\nrun.h5ad\nrun.h5ad.mark\nwhole.h5ad' ]] || fail "from row $(from)"
# The file is damaged beyond reading.
run 1 --break agreed && fail "no error"
printf xxxxxxxx | dd of=run.h5ad.tmp-lazynet conv=notrunc status=none
run 2 || fail "a damaged file is no obstacle"
[[ $(from) == 0 ]] || fail "took up a damaged file"
cmp run.h5ad whole.h5ad
