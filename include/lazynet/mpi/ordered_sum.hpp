#pragma once

#include <functional>
#include <span>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// Adds floating-point parts in rank order, so that the sum has the same bits for any number of ranks: the running sum
/// travels from rank to rank, each adds its parts to it in its own order, and the last one's goes to all.
///
/// Collective. `values` holds the start of the sum on the root (its values elsewhere do not matter) and the whole sum
/// on every rank afterwards. `add_mine` adds this rank's parts; when parts are cut at places that do not depend on the
/// number of ranks (chunks of kChunkGenes genes, say) and ranks hold contiguous stretches of them, neither does the
/// sum. Ranks wait for those before them: for small matrices, not for long work.
void ordered_sum(const Communicator& world, std::span<double> values, const std::function<void()>& add_mine);

}  // namespace lazynet::mpi
