#pragma once

#include <vector>

#include "lazynet/train/shard_floor.hpp"
#include "lazynet/train/trainer.hpp"

namespace lazynet::train {

/// Trains and prunes two replicas with each of a few pairs of DASH's lambdas and takes the pair with the least mean
/// validation error. Collective; errors are added in shard order, so the choice does not depend on the number of ranks.
prune::Lambdas choose_lambda(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                             const PruneKnowledge& knowledge, ShardFloor floor, std::vector<LambdaTrial>& trials,
                             Log& log);

}  // namespace lazynet::train
