#pragma once

#include <span>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// One replica's values of a row, and what each of its columns counts.
struct ReplicaRow {
    const float* values = nullptr;
    const float* inverse = nullptr;  ///< 1 / replicas that count up to this one; 0 where this one does not count
};

/// Statistics of a row over replicas: mean, sum of squared deviations, sum of signs, number of values that are not 0.
struct ReplicaSums {
    float* mean = nullptr;
    float* squares = nullptr;
    float* signs = nullptr;
    float* selected = nullptr;
};

/// Adds `n` columns of the replicas up, in their order (Welford 1962), one pass through all of them. What was in `out`
/// is overwritten. The bits of a column do not depend on the others.
/// @param all_count every replica counts in each of these columns: what they count need not be looked at then
void sum_replicas(Index n, std::span<const ReplicaRow> replicas, bool all_count, const ReplicaSums& out);

}  // namespace lazynet
