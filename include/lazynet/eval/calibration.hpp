#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::eval {

/// How often the truth falls within the intervals that a prediction's sd gives it: counts, which may be added over
/// rows, ranks and folds.
///
/// Every (row, gene) has one place: the probability of the smallest central normal interval around the prediction
/// that holds the truth, erf(|z| / sqrt 2) with z = (truth - mean) / sqrt(sd^2 + error^2), in hundredths.
struct CoverageCounts {
    static constexpr std::size_t kPlaces = 101;  ///< the last: outside every interval, or no sd at all
    std::array<std::int64_t, kPlaces> places{};
    CoverageCounts& operator+=(const CoverageCounts& other);
    [[nodiscard]] std::int64_t values() const;
    /// Share of the values within intervals of this nominal probability, in hundredths: 50, 68, 80, 90, 95 ...
    /// NaN without values.
    [[nodiscard]] double coverage(int nominal) const;
    /// Mean over the nominal probabilities 1 %, 2 %, ... 99 % of |coverage - nominal|: 0 for perfect intervals. NaN
    /// without values.
    [[nodiscard]] double expected_calibration_error() const;
};

/// The nominal probabilities that reports show, in hundredths.
inline constexpr std::array<int, 5> kNominal = {50, 68, 80, 90, 95};

/// Counts the genes of some rows, but for those that a row perturbs itself and values that are not finite. The truth's
/// own sampling error is part of the interval where it is known (`truth.error`). @pre predicted.sd is there
CoverageCounts count_coverage(const TrueProfiles& truth, const PredictedProfiles& predicted,
                              std::span<const Index> rows);

}  // namespace lazynet::eval
