#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Sum and sum of squares of one gene over cells, in fixed point: integers add up to the same bits in any order and
/// in any split over ranks.
///
/// A value x counts as q = round(x * 2^24) in `sum` and as round(q^2 / 2^20) in `squares`, whose unit is 2^-28.
/// Room for 2^26 cells of the largest log value, 2^21 of kLargestPlainValue. Moments{} is zero; a plain
/// declaration is uninitialised, so scratch arrays cost nothing.
struct alignas(16) Moments {
    std::int64_t sum;
    std::int64_t squares;
    Moments& operator+=(const Moments& other) {
        sum += other.sum;
        squares += other.squares;
        return *this;
    }
};

/// Log-normalised values above this cannot be: e^20 counts in one cell.
inline constexpr float kLargestLogValue = 20.0F;

/// Adds a cell's values, log-normalised ones in [0, kLargestLogValue] or plain ones up to kLargestPlainValue; value i
/// belongs to row[gaps[0] + ... + gaps[i]].
void add_values(std::span<const std::uint8_t> gaps, std::span<const float> values, Moments* row);

/// The same with counts: adds log1p(counts[i] * scale), bit for bit what normalize_rows and add_values make of them.
/// @pre counts[i] <= largest
void add_counts(std::span<const std::uint8_t> gaps, std::span<const std::uint8_t> counts, float scale,
                std::uint8_t largest, Moments* row);

/// Mean and variance (n - 1; 0 for fewer than two cells) of each gene of `row` over `cells` cells; genes never added
/// count as zeros. Both are 0 when there are no cells.
void finish_moments(std::span<const Moments> row, Index cells, std::span<float> mean, std::span<float> variance);

}  // namespace lazynet
