# Sourced by tests of lazynet_write_run, whose path is in $1: works in a folder of its own, the result in err.log.
set -eu
write_run=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fails() { # fails <ranks> <words expected> <file> <arguments...>: exit code 2, and the words in one line of stderr
  local ranks=$1 words=$2 file=$3 code=0; shift 3
  timeout 60 "$MPIEXEC" -n "$ranks" "$write_run" "$file" "$@" >out.log 2>err.log || code=$?
  [[ $code == 2 ]] || { echo "$ranks ranks, $file $*: exit code $code instead of 2"; cat err.log; exit 1; }
  [[ $(grep -c -- "$words" err.log) == 1 ]] || { echo "$ranks ranks, $file $*: not one '$words' in"; cat err.log; exit 1; }
  rm out.log err.log
}
