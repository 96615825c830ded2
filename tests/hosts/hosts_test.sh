#!/usr/bin/env bash
# hosts_test.sh <lazynet_ranks>: two hosts of two ranks each, over TCP, give the bytes that one host gives: pseudobulk pairs,
# cell pairs, pruning rounds. Ranks share memory with those of their own host only, and what they say to each other really
# crosses the network.
set -euo pipefail
ranks_program=$1
if [[ ! -d /run/hosts ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  WORK=$work "$(dirname "$0")/with_hosts.sh" "$0" "$@"
  exit
fi
cd "$WORK"
failed() { echo "FAILED: $*"; exit 1; }
over_two_hosts() { timeout 100 mpirun --host n1:2,n2:2 "$@"; }
over_one_host() { /run/hosts/on n1 timeout 100 mpirun --host n1:4 "$@"; }
bytes_from() { ip -s -j link show "$1" | grep -o '"rx":{"bytes":[0-9]*' | grep -o '[0-9]*$'; } # bytes that came out of a host

# What ranks see: two machines, and on each the memory of that machine.
before=$(bytes_from n1)
over_two_hosts "$ranks_program" | sed 's/ yield.*//' >seen.txt
start_up=$(($(bytes_from n1) - before)) # what it takes to start ranks that hardly speak
diff - seen.txt <<'END' || failed "two hosts are not seen as two"
rank=0 host=n1 node=2 shares=2 holds=n1
rank=1 host=n1 node=2 shares=2 holds=n1
rank=2 host=n2 node=2 shares=2 holds=n2
rank=3 host=n2 node=2 shares=2 holds=n2
END
over_one_host "$ranks_program" | grep -c 'host=n1 node=4 shares=4 holds=n1' | grep -qx 4 || failed "one host is not seen as one"

simulate() { "${@:2}" "$LAZYNET" simulate screen -o "$1" --quiet --cells 600 --genes 800 --perturbations 12 --seed 3; }
simulate s.h5ad
simulate s2.h5ad over_two_hosts
cmp s.h5ad s2.h5ad

compare() { # compare <name> <options...>: one rank, one host, two hosts
  local name=$1 before sent; shift
  local options=(s.h5ad --replicas 2 --gene-blocks 2 --quiet "$@")
  "$LAZYNET" train "${options[@]}" -o "$name.alone.h5ad"
  over_one_host "$LAZYNET" train "${options[@]}" -o "$name.one.h5ad"
  before=("$(bytes_from n1)" "$(bytes_from n2)")
  over_two_hosts "$LAZYNET" train "${options[@]}" -o "$name.two.h5ad"
  sent=($(($(bytes_from n1) - before[0])) $(($(bytes_from n2) - before[1])))
  echo "$name: n1 sent ${sent[0]} bytes, n2 ${sent[1]}; starting ranks alone takes $start_up"
  cmp "$name.alone.h5ad" "$name.one.h5ad"
  cmp "$name.alone.h5ad" "$name.two.h5ad"
  ((sent[0] > 5 * start_up && sent[1] > 5 * start_up)) || failed "$name: the hosts hardly spoke to each other"
}
compare bulk
compare cells --pairs cells --epochs 2 --l2 0.01
compare pruned --epochs 10 --l2 0.1 --prune dash --prior s.prior.tsv --prune-start 3 --prune-every 3
if cmp -s bulk.two.h5ad cells.two.h5ad; then failed "the comparison sees nothing"; fi
