#pragma once

#include <string>
#include <vector>

#include "lazynet/data/screen.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/consensus.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/prediction.hpp"
#include "lazynet/train/prune_rounds.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// The fold of a split whose training part a run was made of; empty hash: the whole screen.
struct SplitUsed {
    std::string kind, hash, fold;
};

/// Where a run's results go, and what its file says about how it was made (besides the results).
struct RunOutput {
    std::string path;           ///< run.h5ad
    std::string edges;          ///< edge list; "": none
    Index edges_top = 1000000;  ///< longest edge list; 0: all
    std::string options;        ///< resolved options as JSON: what decides the result, no paths of outputs
    SplitUsed split = {};
    std::string command = "train";  ///< of lazynet, that the options are of
};

/// Everything that run_results needs of a finished training, besides what is distributed over ranks.
struct RunFacts {
    const Screen& screen;
    const TrainConfig& config;
    const Pairs& pairs;
    const Plan& plan;
    const Shifts& shifts;
    double l2_share = 0.0;
    std::string fingerprint;
    const std::vector<RoundRecord>& rounds;
    const ResponsePrior* prior = nullptr;  ///< of models in closed form
};

/// Writes run.h5ad (see README, "What is in run.h5ad") and the edge list. Collective.
///
/// Streams: conditions in batches, whose columns travel from the ranks that predicted them to the ranks that write
/// their rows; consensus in chunks of target genes. `control_mean` is (contexts, this rank's chunk genes). `shards` are
/// this rank's, in plan order. With checkpoints an interrupted file is gone on with. Nothing in the file depends on the
/// number of ranks or on time.
/// @returns the most certain edges, on the root: at most max(edges_top, shown)
std::vector<io::Edge> write_run(const mpi::Communicator& world, const RunOutput& output, const RunFacts& facts,
                                const std::vector<BlockEnsemble>& ensembles, const Predictions& predictions,
                                const BlockTargets& observed, const Matrix& control_mean,
                                const std::vector<TrainedShard>& shards, Index shown, Checkpoints& checkpoints);

}  // namespace lazynet::train
