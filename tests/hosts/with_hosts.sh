#!/usr/bin/env bash
# with_hosts.sh [-n HOSTS] COMMAND...: runs a command on a private network of hosts n1, n2 .. (default 2), each with its own
# name, address, network stack and /dev/shm, on this one machine:  tests/hosts/with_hosts.sh mpirun --host n1:2,n2:2 hostname
# Everything lives in Linux namespaces of its own. So any number may run side by side, nothing reaches or is reached from
# outside, and when the command ends, or this script is killed, the kernel takes all of it away: processes, network, mounts.
# `/run/hosts/on n1 COMMAND...` runs on a host; mpirun uses it in place of ssh. Files are shared, but for /run, which vanishes.
# Ends with the command's exit code; 77 where there can be no such hosts.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
if [[ ${1:-} != --inside ]]; then
  absent() { echo "no hosts of our own here: $*" >&2; exit 77; }
  [[ $(id -u) == 0 ]] || absent "namespaces need root"
  command -v ip >/dev/null || absent "ip is missing (package iproute2)"
  unshare --mount --uts --net --pid --fork ip link add eth0 type veth peer name port || absent "this machine lets nobody make networks"
  # The first child is process 1 of what begins here: when it ends, by itself or because its parent does, the rest is ended.
  with_parent="setpriv --pdeathsig KILL"
  exec $with_parent unshare --mount --uts --net --pid bash -c "$with_parent \"\$@\"; exit" - "$0" --inside "$@"
fi
shift
hosts=2
while getopts n: option; do case $option in n) hosts=$OPTARG ;; *) exit 2 ;; esac; done
shift $((OPTIND - 1))

# The machine in front of the hosts: it has the bridge that their cables end in.
mount -t proc none /proc
mount -t tmpfs none /run
mkdir -m 755 /run/hosts /run/sessions
hostname login
ip link set lo up
ip link add bridge type bridge
ip address add 10.0.0.254/24 dev bridge
ip link set bridge up
{ echo "127.0.0.1 localhost"; echo "10.0.0.254 login"; for ((i = 1; i <= hosts; ++i)); do echo "10.0.0.$i n$i"; done; } >/run/hosts/names
mount --bind /run/hosts/names /etc/hosts
cat >/run/hosts/on <<'ON'
#!/bin/bash
# on HOST COMMAND...: what ssh would do, the joining of words included, but in the same folder
host=$1; shift
exec nsenter --target "$(cat "/run/hosts/$host")" --mount --uts --net --wd="$PWD" bash -c "$*"
ON
chmod +x /run/hosts/on

# Files of the same name in one /dev/shm would be taken for the other host's; hence one each.
for ((i = 1; i <= hosts; ++i)); do
  unshare --mount --uts --net bash -c '
    hostname "n$1" && mount -t tmpfs none /dev/shm && ip link set lo up && echo $$ >"/run/hosts/n$1" && exec sleep infinity' - "$i" &
  until [[ -s /run/hosts/n$i ]]; do kill -0 $!; sleep 0.02; done
  ip link add "n$i" type veth peer name eth0 netns "$!"
  ip link set "n$i" master bridge up
  /run/hosts/on "n$i" "ip address add 10.0.0.$i/24 dev eth0 && ip link set eth0 up"
done

# Open MPI: who starts processes elsewhere, who may run, waits that yield because all hosts share this machine's cores, and a
# place for sessions that other networks do not know. What was set for the machine outside does not hold here.
unset "${!OMPI_MCA_@}"
export OMPI_MCA_plm_rsh_agent=/run/hosts/on OMPI_MCA_orte_tmpdir_base=/run/sessions OMPI_MCA_mpi_yield_when_idle=1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$@"
