#pragma once

#include <span>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Values of one gene in some cells, summed up.
struct SampleMoments {
    double cells = 0;
    double sum = 0;
    double squares = 0;  ///< of the differences from the mean
    [[nodiscard]] double mean() const { return sum / cells; }
    /// n - 1; NaN for a single cell
    [[nodiscard]] double variance() const { return squares / (cells - 1); }
};

/// @param positive the values that are not zero, in an order that does not depend on how they were found
SampleMoments sample_moments(std::span<const float> positive, Index cells);
/// Moments of both samples together.
SampleMoments together(const SampleMoments& a, const SampleMoments& b);
/// What is left of `all` without `part`.
SampleMoments without(const SampleMoments& all, const SampleMoments& part);

struct TTest {
    double t = 0;
    double p = 1;  ///< two-sided
};

/// Welch's t of two samples by their means, variances and sizes, as scipy.stats.ttest_ind_from_stats(equal_var=False).
/// Where it is not defined (a sample without spread that equals the other one, or of one cell) t is 0 and p is 1, as
/// scanpy.tl.rank_genes_groups has it; of two different constants t is infinite and p is 0.
TTest welch_test(const SampleMoments& a, const SampleMoments& b);
/// The same with b counted as if it had a's size: scanpy's 't-test_overestim_var'.
TTest overestimated_variance_test(const SampleMoments& a, const SampleMoments& b);

/// Two-sided p of Student's t. @param freedom degrees of freedom, above 0, need not be whole
double student_p(double t, double freedom);

}  // namespace lazynet
