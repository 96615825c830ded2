#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::eval {

/// How one gene's values lie in the cells of one condition.
struct GeneSpread {
    std::int32_t gene = 0;
    double mean = 0;
    double sd = 0;  ///< divided by n, as numpy.std
    double min = 0;
    double max = 0;
    double q25 = 0;  ///< quantiles as numpy.quantile: linear between neighbours
    double q40 = 0;
    double q45 = 0;
    double q55 = 0;
    double q60 = 0;
    double q75 = 0;
};

/// @param values of all cells, zeros included, at least one; they get sorted
GeneSpread spread_of(std::int32_t gene, std::span<float> values);

/// GEARS' measures of where a predicted mean lies among the real cells, over the given genes of each row (its 20 top
/// differential ones): gears_frac_in_range, _45_55, _40_60, _25_75 (of the genes that some cell expresses), and
/// gears_mean_sigma, gears_frac_sigma_below_1, _2 (of those that vary between cells). NaN without such genes.
/// @param spreads per row of `predicted`
MeasureTable spread_measures(const std::vector<std::vector<GeneSpread>>& spreads, const PredictedProfiles& predicted);
std::vector<Measure> spread_measure_list();

}  // namespace lazynet::eval
