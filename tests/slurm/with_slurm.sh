#!/usr/bin/env bash
# with_slurm.sh [-n NODES] [-c CPUS] COMMAND...: runs a command on a private, real SLURM cluster (default: nodes n1 and n2 of
# 4 CPUs each, however many this machine has). Try it:  tests/slurm/with_slurm.sh bash
# The nodes are those of tests/hosts/with_hosts.sh: nothing of the cluster reaches outside or outlives the command.
# Ends with the command's exit code; 77 where there can be no such cluster.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
nodes=2 cpus=4 arguments=("$@")
while getopts n:c: option; do case $option in n) nodes=$OPTARG ;; c) cpus=$OPTARG ;; *) exit 2 ;; esac; done
shift $((OPTIND - 1))
for program in munged slurmctld slurmd sbatch srun scontrol; do
  command -v $program >/dev/null || { echo "no SLURM here: $program is missing (jobs/packages.sh names the packages)" >&2; exit 77; }
done
[[ -d /run/hosts ]] || exec "$(dirname "$0")/../hosts/with_hosts.sh" -n "$nodes" "$0" "${arguments[@]}"

# linuxproc, none: in place of control groups, which a container has not. config_overrides: more CPUs than there are.
# %n: folders that nodes on one machine would else share.
mkdir -p /run/munge /run/log /run/state
export SLURM_CONF=/run/slurm.conf
cat >$SLURM_CONF <<CONF
ClusterName=private
SlurmctldHost=login
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=/run/state
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd-%n.pid
SlurmdSpoolDir=/run/spool-%n
TmpFS=/run/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=10
MailProg=/bin/true
NodeName=n[1-$nodes] CPUs=$cpus RealMemory=$((cpus * 2000))
PartitionName=main Nodes=ALL Default=YES DefaultTime=10 PriorityTier=1
PartitionName=urgent Nodes=ALL DefaultTime=10 PriorityTier=10
CONF
(umask 077; head -c 128 /dev/urandom >/run/munge/key)
munged --foreground --key-file=/run/munge/key --seed-file=/run/munge/seed --log-file=/run/log/munged &>/dev/null &
slurmctld -D -i &>/run/log/slurmctld &
for ((i = 1; i <= nodes; ++i)); do
  mkdir "/run/spool-n$i"
  mkdir -m 1777 "/run/tmp-n$i"
  # slurmd 22.05 wants something to be mounted where control groups would be.
  /run/hosts/on "n$i" "mountpoint -q /sys/fs/cgroup || mount -t tmpfs none /sys/fs/cgroup; exec slurmd -D -N n$i" \
    &>"/run/log/slurmd-n$i" &
done

idle() { [[ $(timeout 3 sinfo -h -N -p main -o %t 2>>/run/log/sinfo | grep -c idle) == "$nodes" ]]; }
until idle; do
  ((SECONDS < 30)) || { tail -n 20 /run/log/* >&2; echo "SLURM did not come up within 30 s" >&2; exit 1; }
  sleep 0.1
done
"$@"
