#!/usr/bin/env bash
# train_ranks_test.sh: run.h5ad and the edge list are the same bytes for 1, 2, 3 and 4 ranks, in both pair modes and with
# every way to store the consensus, and for more ranks than shards. Contexts, batches, doubles, unmeasured targets.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$LAZYNET" simulate screen -o s.h5ad --quiet --cells 500 --genes 300 --perturbations 10 --doubles 4 --contexts 2 \
  --batches 2 --unmeasured-share 0.3 --seed 5

train() { # train <ranks> <output without ending> <arguments...>
  local ranks=$1 output=$2; shift 2
  timeout 100 "$MPIEXEC" -n "$ranks" "$LAZYNET" train s.h5ad -o "$output.h5ad" --edges "$output.tsv" \
    --min-cells-per-perturbation 5 --replicas 3 --hidden-sums 6 --hidden-products 3 --quiet "$@" 2>"$output.err" \
    || { echo "$ranks ranks, $*: exit code $?"; cat "$output.err"; exit 1; }
}
same() { # same <name> <ranks...> -- <arguments...>: the first number of ranks is compared with the others
  local name=$1 first=$2 ranks=(); shift
  while [[ $1 != -- ]]; do ranks+=("$1"); shift; done
  shift
  for n in "${ranks[@]}"; do
    train "$n" "$name.$n" --edges-top 0 "$@"
    cmp "$name.$first.h5ad" "$name.$n.h5ad"
    cmp "$name.$first.tsv" "$name.$n.tsv"
    [[ ! -s $name.$n.err ]] || { echo "$name, $n ranks: $(cat "$name.$n.err")"; exit 1; }
  done
}
# Six shards: two blocks of three replicas.
same bulk 1 2 3 4 -- --gene-blocks 2 --epochs 25
same closed 1 2 3 4 -- --gene-blocks 2 --gene-families on
same bulk_top 1 2 3 4 -- --gene-blocks 2 --epochs 10 --l2 0.1 --store top:4
same bulk_none 1 2 3 4 -- --gene-blocks 2 --epochs 10 --l2 0.1 --store none
same cells 1 2 3 4 -- --pairs cells --gene-blocks 2 --epochs 2 --batch 128 --l2 0.01
same cells_top 1 2 3 4 -- --pairs cells --gene-blocks 2 --epochs 1 --l2 0.01 --store top:4
same cells_none 1 2 3 4 -- --pairs cells --gene-blocks 2 --epochs 1 --l2 0.01 --store none
# The rest of the options that change what is computed.
same other 1 3 -- --loss huber --weights cells --bootstrap perturbations --hvg 120 --epochs 10 --validation-share 0.34
same search 1 3 -- --pairs cells --epochs 1

# More ranks than shards: the same bytes, and a warning on stderr, once, even when quiet.
train 2 two --gene-blocks 1 --epochs 10 --l2 0.1
train 5 five --gene-blocks 1 --epochs 10 --l2 0.1
cmp two.h5ad five.h5ad
cmp two.tsv five.tsv
[[ $(cat five.err) == "lazynet: warning: 5 ranks for 3 shards: 2 ranks will train nothing; more --gene-blocks or --replicas would use them" ]] \
  || { echo "warning: $(cat five.err)"; exit 1; }

# The comparison sees a difference, and one edge list is another's beginning.
if cmp -s bulk.1.h5ad bulk_top.1.h5ad; then echo "the comparison sees nothing"; exit 1; fi
train 2 short --gene-blocks 2 --epochs 25 --edges-top 50
cmp <(head -n 51 bulk.1.tsv) short.tsv
cmp bulk.1.h5ad short.h5ad
