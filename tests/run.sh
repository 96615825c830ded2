#!/usr/bin/env bash
# run.sh: builds everything with warnings as errors and runs all tests. Installs what is missing (Debian, Ubuntu).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/packages.sh

require_packages "${build_packages[@]}" "${test_packages[@]}" "${reader_packages[@]}"
offer_packages "${cluster_packages[@]}"

export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
cmake -S . -B build/test -DCMAKE_BUILD_TYPE=Release -DLAZYNET_WERROR=ON
cmake --build build/test --parallel "$(nproc)"
prepare_mpi
ctest --test-dir build/test --parallel 2 --output-on-failure
