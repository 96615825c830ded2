#pragma once

#include <cstddef>
#include <cstdint>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// compress_row may write this many entries past the ones it keeps.
inline constexpr Index kCompressSlack = 16;

/// The entries of a dense row that are not zero (NaN included), in order: their indices and values; returns how many.
/// @pre room for n + kCompressSlack entries in `indices` and `values`
std::size_t compress_row(const float* row, Index n, std::int32_t* indices, float* values);

}  // namespace lazynet
