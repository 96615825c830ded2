# faults.sh: for the tests of faults. Runs a job that something happens to and judges how it ends: all ranks within 30
# seconds, exit code, exactly one message, no process left. Prints a table. Sourced; works in a new folder $work.
set -u
work=$(mktemp -d)
disk=$work/disk
cleanup() {
  [[ -n $(jobs -p) ]] && kill $(jobs -p) 2>/dev/null
  mountpoint -q "$disk" && umount -l "$disk"
  cd / && rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
failed=0
count=0
fail() { echo "FAILED: $*"; failed=1; }

# Ends of other jobs of this machine are not ours: ours are told by the folder in their command line.
left_behind() { pgrep -f -- "$work" | while read -r pid; do
    [[ $(ps -o stat= -p "$pid") == Z* ]] || ps -o pid=,args= -p "$pid"
  done; }

# begin <log> <command...>: starts a job in the background; its output is in <log>.out and <log>.err
begin() {
  local log=$1; shift
  started=$EPOCHREALTIME
  timeout 60 "$@" >"$log.out" 2>"$log.err" &
  job=$!
}

# judge <name> <log> <codes, as 1|137> <words of the message>: waits for the job; its time counts from `struck` on, when
# the injury was done.
judge() {
  local name=$1 log=$2 codes=$3 words=$4 code seconds messages
  wait "$job"
  code=$?
  seconds=$(awk -v a="${struck:-$started}" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  struck=
  messages=$(grep -a '^lazynet: ' "$log.err" | grep -av '^lazynet: warning: ')
  printf '%-44s %5s s  %3s  %s\n' "$name" "$seconds" "$code" "${messages:0:200}"
  count=$((count + 1))
  [[ "|$codes|" == *"|$code|"* ]] || fail "$name: exit code $code, not $codes: $(cat "$log.err")"
  awk -v s="$seconds" 'BEGIN { exit s < 30 ? 0 : 1 }' || fail "$name: took $seconds s"
  [[ $(grep -c . <<<"$messages") == 1 ]] || fail "$name: not one message: $(cat "$log.err")"
  grep -qF -- "$words" <<<"$messages" || fail "$name: no '$words' in: $messages"
  sleep 0.1
  [[ -z $(left_behind) ]] || fail "$name: left behind: $(left_behind)"
}
