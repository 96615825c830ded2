#!/usr/bin/env bash
# check_includes.sh <root>: fails if a room includes one above it, or uses MPI or HDF5 outside their rooms.
set -u
declare -A may=(
  [core]="core" [kernels]="core kernels" [graph]="core graph" [data]="core kernels graph data"
  [model]="core kernels graph data model" [prune]="core kernels graph data model prune" [eval]="core kernels graph data model eval"
  [report]="core graph eval report" [mpi]="core mpi" [io]="core kernels data mpi io"
  [train]="core kernels graph data model prune eval mpi io train"
  [predict]="core kernels graph data model prune eval mpi io train predict"
  [scoring]="core kernels graph data model prune eval mpi io train predict scoring"
  [cli]="core kernels graph data model prune eval report mpi io train predict scoring cli")
cd "$1" || exit 2
bad=0
while read -r file; do
  room=$(echo "$file" | sed -E 's,^(include/lazynet|src)/([^/]+)/.*,\2,')
  for target in $(sed -nE 's,^#include "lazynet/([^/]+)/.*,\1,p' "$file" | sort -u); do
    [[ " ${may[$room]:-} " == *" $target "* ]] || { echo "$file: $room may not include $target"; bad=1; }
  done
  if [[ $room != mpi && $room != io ]] && grep -nE '^[^/]*\bMPI_[A-Z]|^#include <(mpi|hdf5)\.h>' "$file"; then
    echo "$file: MPI or HDF5 outside mpi/ and io/"; bad=1
  fi
done < <(find include/lazynet src -name '*.hpp' -o -name '*.cpp' | sort)
exit $bad
