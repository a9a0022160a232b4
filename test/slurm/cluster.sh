#!/bin/sh
# A Slurm cluster of one node on this host's loopback, for tests: munged, slurmctld, slurmd, all in the foreground of
# this script and ended with it. Needs slurm-wlm and munge (Debian).
#
#   cluster.sh DIR CPUS PORT   makes DIR/slurm.conf, listens on PORT and PORT+1; ready when DIR/ready exists
#   SLURM_CONF=DIR/slurm.conf sbatch ...
set -eu
[ $# = 3 ] || { echo "usage: cluster.sh DIR CPUS PORT" >&2; exit 2; }
dir=$1 cpus=$2 port=$3
host=$(hostname -s)

umask 022
mkdir -p "$dir/state" "$dir/spool"
mkdir -p -m 0700 "$dir/munge"
dd if=/dev/urandom of="$dir/munge/key" bs=128 count=1 2>/dev/null
chmod 600 "$dir/munge/key"
cat >"$dir/slurm.conf" <<CONF
ClusterName=volara
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$dir/slurm.conf"

munged --foreground --force --socket="$dir/munge/socket" --key-file="$dir/munge/key" --pid-file="$dir/munge/pid" \
	--log-file="$dir/munge/log" --seed-file="$dir/munge/seed" &
daemons=$!
slurmctld -D &
daemons="$daemons $!"
slurmd -D -N "$host" &
daemons="$daemons $!"
trap 'trap - EXIT; kill $daemons 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

tries=0
until sinfo -h -o %t 2>/dev/null | grep -q idle; do
	tries=$((tries + 1))
	[ $tries -lt 150 ] || { echo "Slurm did not come up; its logs are in $dir" >&2; exit 1; }
	sleep 0.2
done
touch "$dir/ready"
wait
