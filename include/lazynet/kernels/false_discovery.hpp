#pragma once

#include <span>

namespace lazynet {

/// p-values become Benjamini-Hochberg adjusted ones, in place: the least false discovery rate at which each would be
/// called, as statsmodels' fdr_bh and scipy's false_discovery_control. NaN means not tested: it stays NaN and does not
/// count among the tests.
void adjust_p_values(std::span<float> p);

}  // namespace lazynet
