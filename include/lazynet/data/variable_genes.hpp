#pragma once

#include <span>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// The `n` genes that vary most for their mean, and all of `always`; ascending.
///
/// The recipe of scanpy's flavour "seurat" (Satija et al. 2015) applied to moments of log-normalised values: the
/// dispersion log(variance / mean) is standardised (mean and n - 1 standard deviation) within 20 equal-width bins of
/// the mean; a gene alone in its bin gets 1, one without expression comes last. Scanpy takes its moments of expm1 of
/// the values and bins log1p of that mean, so rankings agree closely but not exactly. Ties: the lower number first.
/// @param mean,variance of each gene over all cells
std::vector<Index> most_variable(std::span<const double> mean, std::span<const double> variance, Index n,
                                 std::span<const Index> always);

/// The standardised dispersions most_variable ranks by; -infinity for genes without expression or variance.
std::vector<double> standardised_dispersions(std::span<const double> mean, std::span<const double> variance);

}  // namespace lazynet
