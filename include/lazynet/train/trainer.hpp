#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/io/model_file.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/prediction.hpp"
#include "lazynet/train/prune_rounds.hpp"
#include "lazynet/train/run_results.hpp"
#include "lazynet/train/timings.hpp"

namespace lazynet::train {

/// One line of the penalty search.
struct PenaltyTrial {
    double share = 0.0;      ///< of the largest penalty
    double criterion = 0.0;  ///< mean validation error of the shards tried, relative to no change
};

/// One line of the search for DASH's lambdas.
struct LambdaTrial {
    prune::Lambdas lambda;
    double criterion = 0.0;  ///< mean validation error of the pruned shards tried, relative to no change
};

/// What a finished run tells: the figures that the command prints. Complete on the root.
struct TrainSummary {
    Screen screen;  ///< as trained: after gene selection
    Index conditions = 0, shards = 0, blocks = 0;
    Shifts shifts;
    double l2_share = 0.0;
    std::vector<PenaltyTrial> trials;
    std::vector<LambdaTrial> lambda_trials;
    std::vector<RoundRecord> rounds;
    ScreenScore score;
    std::vector<io::Edge> edges;  ///< the most certain ones first
    std::vector<Timings::Phase> phases;
    double parameter_bytes = 0.0;  ///< of the rank with most
};

/// The main job: pseudobulk, shards, penalty, training, consensus, results. Collective; every rank runs the same lines.
///
/// @param file this rank's opened screen; its reader is used up
/// @param shown edges to return in the summary
/// @param models a finished run whose models training goes on from; nullptr: from the beginning
/// @param checkpoints of this run; what they hold is not done again
/// @throws AgreedError also when the models are not of this screen
TrainSummary train_screen(const mpi::Communicator& world, io::ScreenFile file, TrainConfig config,
                          const RunOutput& output, Index shown, Checkpoints& checkpoints, Log& log,
                          const io::ModelFile* models = nullptr);

}  // namespace lazynet::train
