#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet {

/// The stretch of `total` rows that this rank holds.
inline std::vector<Index> own_rows(const mpi::Communicator& world, Index total) {
    std::vector<Index> rows;
    const Range own = block_of(total, world.size(), world.rank());
    for (Index row = own.begin; row < own.end; ++row) {
        rows.push_back(row);
    }
    return rows;
}

}  // namespace lazynet
