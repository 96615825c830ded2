#!/usr/bin/env bash
# held_out.sh DATA OUT [LAZYNET]: how well perturbations that training never saw are predicted, on real screens
# (DATA/perturbseq_pc50, DATA/go_graph): five-fold over single perturbations with three seeds, and Norman's doubles, half
# of them held out, seeds 1 to 5. Then: held_out_table.py OUT
set -euo pipefail
data=$1/perturbseq_pc50
graph=$(ls "$1"/go_graph/*.csv)
out=$2
lazynet=${3:-build/dev/src/lazynet}
mkdir -p "$out"

# judge <screen> <name of the split> <options of split>...
judge() {
  local screen=$1 name=$1.$2
  shift 2
  "$lazynet" split "$data/$screen.pc.csv" --normalization none "$@" -o "$out/$name.json" --overwrite --quiet
  "$lazynet" evaluate "$data/$screen.pc.csv" --normalization none --noise "$data/$screen.noise.csv" \
    --split "$out/$name.json" --gene-graph "$graph" -o "$out/$name" --overwrite >"$out/$name.txt" 2>/dev/null
  echo "done: $name"
}

for screen in replogle22k562 adamson16 norman19 replogle22k562gwps tian21crispra tian21crispri frangieh21 dixit16; do
  for seed in 0 1 2; do
    judge "$screen" "kfold.$seed" --kind kfold --seed "$seed" --combinations exclude
  done
done
judge norman19 doubles --kind doubles
