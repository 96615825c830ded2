#pragma once

#include "lazynet/core/types.hpp"

namespace lazynet {

/// One step of float32 rounding.
inline constexpr double kFloatStep = 0x1p-24;

/// Rows of `a` (m, n) times rows of `b` (k, n), in float32 over stretches of genes whose sums are added in float64.
/// Fast, not exact: |out(i, j) - a_i . b_j| <= kProductBound |a_i| |b_j|, and bits depend on the shapes.
void row_products(ConstMatrixView a, ConstMatrixView b, MatrixD& out);
inline constexpr Index kProductGenes = 512;
inline constexpr double kProductBound = (kProductGenes + 16) * kFloatStep;

/// Distances sum over genes of |a_ig - b_jg| from the sums of max(a_ig, b_jg), as |a - b| = 2 max(a, b) - a - b: one
/// operation less per gene. `sum_a` and `sum_b` are the rows' sums.
/// |out(i, j) - exact| <= kAbsoluteBound (sum |a_i| + sum |b_j|).
void row_absolute_distances(ConstMatrixView a, const VectorD& sum_a, ConstMatrixView b, const VectorD& sum_b,
                            MatrixD& out);
inline constexpr Index kMaximaGenes = 1024;
inline constexpr double kAbsoluteBound = 2.0 * 96 * kFloatStep;

/// In float64 and always in the same order: the same rows give the same bits, wherever they are.
double dot_product(const float* a, const float* b, Index genes);
double squared_distance(const float* a, const float* b, Index genes);
double absolute_distance(const float* a, const float* b, Index genes);

}  // namespace lazynet
