#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/prune_rounds.hpp"
#include "lazynet/train/replica_training.hpp"

namespace lazynet::train {

/// How a run's shards are trained, whatever their pairs are.
struct ShardFloor {
    /// Starts the training of shards of one replica that this rank owns.
    using Start = std::function<std::unique_ptr<ReplicaTraining>(const std::vector<Index>& shards)>;
    Start start;
    /// Shards of a replica share work when they are trained together; else one at a time takes less memory.
    bool side_by_side = false;
    EpochCallback epoch = [](const EpochRecord&) {};
    std::function<void(Index shard, const TrainedShard& trained)> done = [](Index, const TrainedShard&) {};
    Checkpoints* checkpoints = nullptr;  ///< where shards are saved; never null when training
    std::string name = "shard";          ///< keys of the shards: "shard/000012"
};

/// Trains shards of this rank one replica after the other; what checkpoints hold of them is not done again. Collective
/// with checkpoints only: ranks wait for each other at the end.
/// @param mine ascending @return in the order of `mine`
std::vector<TrainedShard> train_straight(const Plan& plan, const std::vector<Index>& mine, Index epochs,
                                         const ShardFloor& floor);

/// Trains this rank's shards of the first `replicas` replicas from round to round, all ranks in step, and on after the
/// last round. The state kept is the best of those with the final mask. Collective.
///
/// Memory: parameters, gradients and moments of all of the rank's shards at once.
/// @return in plan order
std::vector<TrainedShard> train_in_rounds(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                                          const PruneKnowledge& knowledge, Index replicas, const ShardFloor& floor,
                                          std::vector<RoundRecord>& records);

}  // namespace lazynet::train
