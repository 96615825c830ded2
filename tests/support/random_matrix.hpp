#pragma once

#include <cstdint>

#include "lazynet/core/random.hpp"
#include "lazynet/core/types.hpp"

namespace lazynet {

/// Standard normal numbers times `scale`.
inline Matrix random_matrix(Index rows, Index cols, const Random& random, float scale = 1.0F) {
    Matrix m(rows, cols);
    for (Index k = 0; k < m.size(); ++k) {
        m.data()[k] = scale * static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    return m;
}

}  // namespace lazynet
