#pragma once

#include <span>

namespace lazynet {

/// x <- log(1 + x) for finite x >= 0, to one float32 epsilon (relative), several times faster than std::log1p.
///
/// Every value goes through the same instructions whatever its place, so bits do not depend on how an array is cut
/// into pieces (vector code with a scalar tail, such as Eigen's log1p, rounds differently in the tail).
void log1p_in_place(std::span<float> x);

}  // namespace lazynet
