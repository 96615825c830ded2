#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"

namespace lazynet::train {

/// The outcome of a trial that a search is made of: the one that a checkpoint holds, otherwise that of `attempt`, which
/// gets a name for the shards it saves on its way. Collective; the same number on every rank.
double settled(const mpi::Communicator& world, Checkpoints& checkpoints, const std::string& key,
               const std::function<double(const std::string& name)>& attempt);

/// Mean over the shards of all ranks, added in shard order: ranks hold contiguous stretches. Collective.
double mean_over_shards(const mpi::Communicator& world, const std::vector<double>& mine);

}  // namespace lazynet::train
