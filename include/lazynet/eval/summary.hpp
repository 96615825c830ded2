#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet::eval {

/// How intervals are made: rows are drawn with replacement, the same draws for all measures and methods of the same
/// rows, so that methods can be compared. Drawn from `seed` alone.
struct Bootstrap {
    std::uint64_t seed = 0;
    Index rounds = 1000;
    double level = 0.95;  ///< the interval holds this share of the rounds, percentiles interpolated linearly
};

/// A measure over perturbations. NaN where no row has it.
struct Summary {
    Index rows = 0;  ///< that have it; the others are left out
    double mean = 0;
    double median = 0;
    double low = 0;   ///< of the mean
    double high = 0;  ///< of the mean
};

/// Of each column of `values` (rows of all ranks in their order, measures), over some rows. NaN and infinite values
/// are left out. Memory: a few blocks of rounds x rows.
std::vector<Summary> summarise(const MatrixD& values, std::span<const Index> rows, const Bootstrap& bootstrap);
/// Over all rows.
std::vector<Summary> summarise(const MatrixD& values, const Bootstrap& bootstrap);

/// A ratio of two columns' sums over rows: error relative to no change (a / b), R2 over the training mean (1 - a / b).
struct Ratio {
    Index above = 0;
    Index below = 0;
    bool one_minus = false;
};
struct RatioSummary {
    double value = 0;
    double low = 0;
    double high = 0;
};
std::vector<RatioSummary> summarise_ratios(const MatrixD& values, std::span<const Ratio> ratios,
                                           std::span<const Index> rows, const Bootstrap& bootstrap);

/// Some of the rows, for what they have in common.
struct RowGroup {
    std::string by;    ///< "significant genes", "cells" ...
    std::string name;  ///< "0-5", "6-20" ...
    std::vector<Index> rows;
};

/// Groups of equal labels, in the order of their first rows; rows without a label ("") are in none.
std::vector<RowGroup> group_by(const std::string& what, std::span<const std::string> labels);
/// Groups by size, in ascending order and without empty ones: `tops` are the largest numbers of all groups but the
/// last one. {5, 20, 100} makes 0-5, 6-20, 21-100 and >100.
std::vector<RowGroup> group_by_size(const std::string& what, std::span<const Index> sizes, std::span<const Index> tops);
/// By number of significant genes: 0-5, 6-20, 21-100, >100.
std::vector<RowGroup> group_by_significant(std::span<const Index> genes);
/// By cells: 0-25, 26-50, 51-100, 101-200, >200.
std::vector<RowGroup> group_by_cells(std::span<const Index> cells);

}  // namespace lazynet::eval
