#pragma once

#include <cstdint>
#include <span>

#include "lazynet/core/types.hpp"

/// Statistics of two profiles, in float64.
namespace lazynet::eval {

/// Genes, by index.
using Genes = std::span<const std::int32_t>;

/// The values of some genes.
VectorD take(const VectorD& values, Genes genes);

double mean_squared(const VectorD& a, const VectorD& b);
double mean_absolute(const VectorD& a, const VectorD& b);
/// Pearson's correlation. NaN when one of them is constant or has fewer than two values, as scipy.
double pearson(const VectorD& a, const VectorD& b);
/// a.b / (|a| |b|). NaN when one of them is 0.
double cosine(const VectorD& a, const VectorD& b);
/// Coefficient of determination as scikit-learn's r2_score: 1 - sum (truth - predicted)^2 / sum (truth - mean)^2; for
/// a constant truth 1 if it is met exactly, else 0. NaN with fewer than two values.
double r_squared(const VectorD& truth, const VectorD& predicted);
/// The same with weights, in the sums and in the mean.
double r_squared(const VectorD& truth, const VectorD& predicted, const VectorD& weights);
/// `otherwise` in place of NaN.
double finite_or(double value, double otherwise);

}  // namespace lazynet::eval
