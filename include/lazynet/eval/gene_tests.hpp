#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/kernels/rank_sum.hpp"
#include "lazynet/kernels/t_test.hpp"

namespace lazynet::eval {

/// What is 20 times as high as nothing: the fold change where only one of two means is zero (pdex's clip_value).
inline constexpr double kFoldOfNothing = 20.0;

/// log2 of the ratio of two means of log1p expression, taken back to counts first: log2(expm1(mean) / expm1(control)),
/// as pdex has it (geometric means, no pseudocount). 0 where both are zero, +-log2(20) where one of them is.
double log2_fold_change(double mean, double control);

/// One gene in one condition. All are NaN for controls, and where there are no cells, no controls or no wish.
struct GeneTest {
    float log_fold = std::numeric_limits<float>::quiet_NaN();
    float rank_p = std::numeric_limits<float>::quiet_NaN();   ///< Mann-Whitney against the context's controls
    float score = std::numeric_limits<float>::quiet_NaN();    ///< Welch's t against them, as scanpy's 't-test'
    float score_p = std::numeric_limits<float>::quiet_NaN();  ///< of it
    /// t against all other perturbed cells of the context, as scanpy's 't-test_overestim_var' with reference 'rest'
    float score_rest = std::numeric_limits<float>::quiet_NaN();
    float score_rest_p = std::numeric_limits<float>::quiet_NaN();
    [[nodiscard]] std::array<float, 6> fields() const {
        return {log_fold, rank_p, score, score_p, score_rest, score_rest_p};
    }
};

/// Tests every condition of a screen, gene by gene. p-values too small for a float become the smallest normal one.
class GeneTests {
public:
    /// @param cells per condition  @param wanted per condition: whether it is to be tested
    GeneTests(const Screen& screen, std::vector<Index> cells, std::vector<bool> wanted);
    /// @param conditions of the values, ascending  @param values of one gene above zero; sorted within conditions
    /// @returns one per condition; valid until the next call
    std::span<const GeneTest> test(std::span<const std::int32_t> conditions, std::span<float> values);

private:
    [[nodiscard]] std::span<const float> positive(std::size_t condition) const;
    void sort_values(std::span<const std::int32_t> conditions, std::span<float> values);
    void sum_up();
    [[nodiscard]] GeneTest test_condition(std::size_t condition) const;

    std::vector<Index> cells_;
    std::vector<bool> wanted_;                  ///< per condition
    std::vector<Index> context_;                ///< per condition
    std::vector<bool> is_control_;              ///< per condition
    std::vector<Index> control_;                ///< per context: condition; -1: none
    std::vector<std::size_t> offsets_;          ///< per condition: its first value, and the end
    std::span<const float> values_;             ///< of the gene
    std::vector<SampleMoments> moments_;        ///< per condition
    std::vector<SampleMoments> perturbed_;      ///< per context: of all conditions that are not the control
    std::vector<RankSumReference> references_;  ///< per context
    std::vector<GeneTest> results_;
};

}  // namespace lazynet::eval
