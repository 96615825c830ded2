#pragma once

#include <string>
#include <vector>

#include "lazynet/kernels/normalize.hpp"

namespace lazynet {

/// Some entries of a matrix, from places spread over the file. Not random: the same file gives the same sample.
struct ValueSample {
    std::vector<Index> cells;
    std::vector<Index> genes;
    std::vector<float> values;
    double looked_at = 0;  ///< matrix elements the sample stands for, zeros included

    void add(Index cell, Index gene, float value) {
        cells.push_back(cell);
        genes.push_back(gene);
        values.push_back(value);
    }
};

/// Why a value cannot be used: "X: cell 12, gene STAT1: -0.5 is negative; ..." with what it may mean and what to do.
std::string bad_value_text(const std::string& file, const std::string& matrix, Index cell, const std::string& gene,
                           float value, Normalization expected);

/// What the values of a sample are, with the reason.
struct FoundNormalization {
    Normalization kind = Normalization::counts;
    std::string reason;
};

/// Tells raw counts (all integers, some >= 2) from log-normalised values (not negative, below 15, not integers).
/// @param wanted "auto", or "counts" / "log1p" / "none" to have the sample checked against that
/// @throws UserError, without the file's name, when they are neither: scaled data, normalised but not logged, NaN, all
/// zero
FoundNormalization detect_normalization(const ValueSample& sample, const std::vector<std::string>& genes,
                                        const std::string& wanted);

}  // namespace lazynet
