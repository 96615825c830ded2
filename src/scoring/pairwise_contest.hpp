#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pairwise_rows.hpp"

namespace lazynet::scoring {

/// What a row's right partner is beaten by.
struct Tally {
    std::int64_t better = 0;
    std::int64_t tied = 0;
    std::int64_t tied_before = 0;  ///< of the tied ones, those with a lower row index
};

/// Distances of a prediction to all truths.
enum class ToTruths : std::uint8_t { absolute, euclid, cosine, whole_euclid };
constexpr std::size_t kToTruths = 4;
/// Distances of all predictions to a truth.
enum class ToPredictions : std::uint8_t { euclid, log_cosine };
constexpr std::size_t kToPredictions = 2;

/// The context of rows that have values which are not finite: they are compared with nothing.
constexpr std::int64_t kNotCompared = -1;

/// Distances between every row's prediction and its own truth, exact.
struct OwnDistances {
    std::array<VectorD, kToTruths> to_truth;              ///< per row of this rank
    std::array<std::vector<double>, kToPredictions> all;  ///< per row of all ranks
    std::vector<std::int64_t> context;                    ///< per row of all ranks; kNotCompared: none
    std::vector<std::int64_t> fingerprint;                ///< per row of all ranks: of its prediction
};

/// A stretch of rows and where it begins among the rows of all ranks.
template <typename Rows>
struct Stretch {
    const Rows& rows;
    Index first = 0;
};

struct OwnTerms;

/// Exact distances of prediction `p` to truth `t`; cosines are given as their negatives, so that less is better.
double exact_distance(ToTruths by, const PredictedRows& predicted, Index p, const PairwiseRows& truth, Index t);
double exact_distance(ToPredictions by, const PredictedRows& predicted, Index p, const PairwiseRows& truth, Index t);

/// Counts, for every prediction, the truths that are nearer than its own, and for every truth the predictions that
/// are nearer than its own.
///
/// Distances come from float32 products first; where their error bound leaves a doubt, exactly in float64. So every
/// count is exact, and does not depend on how rows are cut into stretches.
class PairwiseContest {
public:
    PairwiseContest(const std::vector<ContextControls>& controls, OwnDistances own);
    /// Compares all of one stretch with all of the other.  @param local where the predictions begin on this rank
    void compare(const Stretch<PredictedRows>& predicted, Index local, const Stretch<PairwiseRows>& truths);
    [[nodiscard]] const std::vector<Tally>& of_predictions(ToTruths by) const {
        return of_predictions_[static_cast<std::size_t>(by)];
    }
    /// Per row of all ranks: predictions that come before its own, as far as this rank saw; to be added over ranks.
    [[nodiscard]] std::vector<std::int64_t>& of_truths(ToPredictions by) {
        return of_truths_[static_cast<std::size_t>(by)];
    }

private:
    struct Pair;
    struct Rough;
    void compare_pair(const Pair& pair);
    void compare_to_truths(const Pair& pair, const OwnTerms& own, const Rough& whole);
    void compare_to_predictions(const Pair& pair, const Rough& whole);

    const std::vector<ContextControls>& controls_;
    OwnDistances own_;
    std::array<std::vector<Tally>, kToTruths> of_predictions_;
    std::array<std::vector<std::int64_t>, kToPredictions> of_truths_;
    MatrixD products_;
    MatrixD log_products_;
    MatrixD absolute_;
};

}  // namespace lazynet::scoring
