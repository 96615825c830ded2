# compare_edges.awk TRUE.edges.tsv EDGES.tsv: how many of the first 20 edges are true ones, or follow from them.
# A steady-state screen shows total effects: knocking down a gene also moves what lies downstream of its targets. So an
# edge is "direct" when the truth has it, and "downstream" when a path of true edges leads from regulator to target.
BEGIN { FS = "\t"; top = 20 }
FNR == 1 { next }
NR == FNR {
  targets[$1] = targets[$1] " " $2
  direct[$1, $2] = 1
  sign[$1, $2] = $3
  next
}
{
  if (!($1 in seen)) {
    seen[$1] = 1
    ++regulators
    walk($1)
  }
  ++pairs
  steps = distance[$1, $2]
  all_direct += steps == 1
  all_downstream += steps > 1
  if (FNR <= top + 1) {
    ++shown
    shown_direct += steps == 1
    shown_downstream += steps > 1
    if (steps == 1) right_sign += ($3 > 0) == (sign[$1, $2] > 0)
  }
}
# Shortest paths from one regulator, breadth first.
function walk(from,   queue, first, last, next_of, n, i, gene) {
  first = last = 1
  queue[1] = from
  while (first <= last) {
    gene = queue[first++]
    n = split(targets[gene], next_of, " ")
    for (i = 1; i <= n; ++i) {
      if (next_of[i] != from && !((from, next_of[i]) in distance)) {
        distance[from, next_of[i]] = distance[from, gene] + 1
        queue[++last] = next_of[i]
      }
    }
  }
}
function line(what, some, all) {
  printf "  %-52s%3d of %d%11.0f %%\n", what, some, shown, pairs ? 100 * all / pairs : 0
}
END {
  printf "  %-52s%9s%11s\n", "", "top " shown, "all pairs"
  line("direct: the regulator acts on the target", shown_direct, all_direct)
  line("downstream: reached over other genes", shown_downstream, all_downstream)
  line("not connected in the true network", shown - shown_direct - shown_downstream, pairs - all_direct - all_downstream)
  if (shown_direct) printf "  %-52s%3d of %d\n", "sign right, of the direct ones", right_sign, shown_direct
}
