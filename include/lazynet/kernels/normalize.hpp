#pragma once

#include <cstdint>
#include <span>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// How the values of the file become log-normalised expression.
enum class Normalization {
    counts,  ///< raw counts: log1p(count / cell total * 1e4)
    log1p,   ///< already log-normalised: taken as they are
    none     ///< something else, of either sign (effects, components): taken as they are
};

/// Values taken as they are must not be larger than this, whatever their sign.
inline constexpr float kLargestPlainValue = 100.0F;

/// What a cell's counts are scaled to before the log (scanpy's and GEARS's convention).
inline constexpr double kCountsPerCell = 1e4;

/// Checks the stored values of some cells and log-normalises them in place.
///
/// Row r is [offsets[r], offsets[r + 1]) of `values`. `counts`: v becomes log1p(v * (1e4 / row total)), where the
/// total is a float64 sum over the whole row, so drop genes afterwards, never before; a row of zeros stays zero.
/// `log1p`, `none`: values are only checked. Bits depend on the row alone, not on where it lies in the buffer, so it
/// does not matter how a file is cut into chunks.
///
/// Returns -1, or the position in `values` of the first one that cannot be: not finite, negative or (counts) not an
/// integer; (none) larger than kLargestPlainValue. That value and its row are untouched then; rows before it may have
/// been normalised.
Index normalize_rows(std::span<const std::int64_t> offsets, std::span<float> values, Normalization kind);

/// The first half of normalize_rows: checks the values and leaves them alone; `scales` (one per row) gets what a row's
/// values are to be multiplied with before the log1p (`log1p`, `none`: 1), so log1p(v * scale) gives the same bits.
/// Returns as normalize_rows does.
Index check_rows(std::span<const std::int64_t> offsets, std::span<const float> values, Normalization kind,
                 std::span<float> scales);

}  // namespace lazynet
