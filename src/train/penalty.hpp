#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/trainer.hpp"

namespace lazynet::train {

/// Trains shards of this rank with a penalty (a share of the largest) and returns their selection criteria. All ranks
/// call it, for as many trials. @param name of the trial, for checkpoints
using PenaltyProbe =
    std::function<std::vector<double>(const std::vector<Index>& shards, double share, const std::string& name)>;

/// Shares of the largest penalty that are tried, descending.
std::vector<double> penalty_grid(PairMode pairs);

/// Whether the penalty is tried on shard `s`: a few are, of blocks spread over the genes.
bool is_tried(const Plan& plan, Index s);

/// Tries a grid of penalties on a few shards (about six, of blocks spread over the genes) and takes the
/// share with the least mean validation error. Collective; shards are tried where they live, errors are added in shard
/// order, so the choice does not depend on the number of ranks.
///
/// With the bootstrap of cells each replica trains on values of twice the sampling variance, which the consensus
/// averages away again; noise sets the penalty through its standard deviation, so the choice is divided by sqrt(2).
double choose_penalty(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                      const PenaltyProbe& probe, Checkpoints& checkpoints, std::vector<PenaltyTrial>& trials, Log& log);

}  // namespace lazynet::train
