#pragma once

#include <vector>

#include "lazynet/io/run_file.hpp"
#include "lazynet/train/cross_axis.hpp"

namespace lazynet::train {

/// Some targets' values of one run, on the axis of all runs.
struct CrossRows {
    Matrix mean, sd, sign;  ///< (targets, places on the axis); mean is NaN where the run has no value
};

/// Reads `targets` of the axis from run `k`; rows of targets that it does not measure have no values. Not collective.
void read_cross_rows(io::RunFile& file, const CrossAxis& axis, Index k, Range targets, CrossRows& out);

}  // namespace lazynet::train
