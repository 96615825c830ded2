#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// What the Mann-Whitney test says of one group against its reference.
struct RankSum {
    double u = 0;  ///< pairs (group, reference) in which the group's value is the larger one; equal ones count one half
    double p = 1;  ///< two-sided, asymptotic, with tie and continuity correction; NaN when either has no cells
};

/// One gene's values in the reference cells (the controls), sorted once, against which any number of groups are
/// tested. Values are not negative and mostly zero, so only the others are given: zeros are one big tie.
///
/// As scipy.stats.mannwhitneyu(group, reference, use_continuity=True, alternative='two-sided', method='asymptotic').
class RankSumReference {
public:
    /// @param positive the values above zero, ascending  @param cells of the reference, those with zeros included
    void assign(std::span<const float> positive, Index cells);
    /// @param positive the group's values above zero, ascending  @param cells of the group
    [[nodiscard]] RankSum test(std::span<const float> positive, Index cells) const;

private:
    [[nodiscard]] std::size_t first_from(float value, std::size_t begin) const;

    Index cells_ = 0;
    double ties_ = 0;                  ///< sum of t^3 - t over the ties among positive values
    std::vector<float> values_;        ///< distinct, ascending
    std::vector<std::int64_t> below_;  ///< per distinct value: cells with less, zeros included; then all cells
};

}  // namespace lazynet
