#!/usr/bin/env bash
# ranks_test.sh <misbehave>: whatever one rank does, all ranks end soon, with one message and the right exit code.
source "$(dirname "${BASH_SOURCE[0]}")/faults.sh"
ln -s "$1" misbehave
export LAZYNET_WATCHDOG=4 LAZYNET_HANG=5

# What takes long runs beside the rest, under another folder's name and told apart by it.
aside=$(mktemp -d)
ln -s "$1" "$aside/misbehave"
(
  trap - EXIT
  work=$aside # others run meanwhile
  unset LAZYNET_WATCHDOG LAZYNET_HANG # as users have it
  begin "$aside/default" "$MPIEXEC" -n 2 "$aside/misbehave" stop
  judge "stop, 2 ranks, watchdog as by default" "$aside/default" "1|137" "has been silent for 20 s"
  exit $failed
) >default.log 2>&1 &
default=$!

fault() { # fault <ranks> <way> <codes> <words>
  begin "$2.$1" "$MPIEXEC" -n "$1" "$work/misbehave" "$2"
  judge "$2, $1 ranks" "$2.$1" "$3" "$4"
}
# A rank that dies by itself: mpiexec's code is 1, or 128 and the signal.
fault 3 throw 1 "rank 2/3 on $(hostname): internal error: a promise was broken"
fault 2 throw-int 1 "internal error: unknown exception"
fault 2 all-throw 1 "internal error: all ranks throw alike"
fault 2 thread-throws 1 "internal error: thrown in a thread (not caught)"
fault 2 noexcept 1 "internal error: "
fault 2 user-error 2 "error: screen.h5ad: no such file on this rank"
fault 3 together 2 "error: rank 2: one rank's file is damaged"
fault 2 memory 2 "error: out of memory"
fault 2 null 139 "segmentation fault in phase working; this is a bug"
fault 2 stack 139 "segmentation fault in phase working; this is a bug"
fault 2 bus 135 "bus error"
fault 2 divide 136 "arithmetic error in phase working"
fault 2 abort 134 "aborted in phase working; this is a bug"
fault 2 exit "1|3" "is gone without a word in phase working (step 1/2)"
fault 3 kill "1|137" "is gone without a word in phase working (step 1/2)"
fault 3 stop "1|137" "has been silent for 4 s in phase working (step 1/2); ending the job"
fault 2 loop 1 "has made no progress for 5 s in phase working (step 1/2): computing; ending the job"
fault 3 mismatch 1 "rank 2/3 on $(hostname) has made no progress for 5 s in phase working (step 1/2): in MPI_Barrier, others in MPI_Allreduce"
fault 3 return 1 "rank 2/3 on $(hostname) has made no progress for 4 s in phase working (step 1/2): in MPI_Finalize, others in MPI_Barrier"

# What must not be taken for a fault.
peace() { # peace <name> <command...>
  local name=$1; shift
  timeout 60 "$@" >out 2>err || fail "$name: exit code $?: $(cat err)"
  [[ ! -s err ]] || fail "$name: $(cat err)"
}
peace "nothing" "$MPIEXEC" -n 3 "$work/misbehave" nothing
peace "one process" "$work/misbehave" nothing
LAZYNET_WATCHDOG=0 peace "no watchdog" "$MPIEXEC" -n 2 "$work/misbehave" nothing
LAZYNET_PROGRESS=$work/progress peace "progress file" "$MPIEXEC" -n 3 "$work/misbehave" nothing
[[ $(wc -l <progress) == 4 && $(grep -cE 'working.*step 1/2.*(finishing|gone)' progress) == 3 ]] || fail "the progress file: $(cat progress)"
LAZYNET_PROGRESS=/proc/nowhere/progress peace "progress file that cannot be" "$MPIEXEC" -n 2 "$work/misbehave" nothing

# The whole job is suspended for longer than a rank may be silent, and goes on.
LAZYNET_WATCHDOG=4 LAZYNET_PROGRESS=$work/progress begin suspended "$MPIEXEC" -n 2 "$work/misbehave" sleep
sleep 2.5
ranks=$(awk 'NR > 1 { print $3 }' progress)
kill -STOP $ranks
sleep 6
kill -CONT $ranks
sleep 2.5
for rank in $ranks; do
  kill -0 "$rank" 2>/dev/null || fail "a suspended job was ended: $(cat suspended.err)"
done
kill -SEGV "${ranks%%[[:space:]]*}"
judge "suspended, continued, then a fault" suspended 139 "segmentation fault in phase working"

LAZYNET_WATCHDOG=soon begin setting "$MPIEXEC" -n 2 "$work/misbehave" nothing
judge "LAZYNET_WATCHDOG=soon" setting 2 "LAZYNET_WATCHDOG=soon: expected seconds"
wait "$default" || failed=1
cat default.log
count=$((count + 1))
rm -rf "$aside"
echo "$count faults"
exit $failed
