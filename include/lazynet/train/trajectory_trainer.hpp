#pragma once

#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/trajectories.hpp"
#include "lazynet/io/dynamics_file.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/run_results.hpp"
#include "lazynet/train/timings.hpp"
#include "lazynet/train/trajectory_pruning.hpp"

namespace lazynet::train {

/// What a run works on. The same on every rank.
struct TrajectoryInputs {
    Trajectories training;
    Trajectories validation;  ///< a file of its own; empty: held out from training
    Trajectories test;        ///< never trained on nor chosen by; may be empty
    TrajectoryPrior prior;
    std::vector<io::StoredDynamics> models;  ///< per replica, where a finished run is taken up; empty: start anew
};

/// Mean squared errors of predictions of some trajectories.
struct TrajectoryScore {
    double pairs = 0.0;       ///< one interval ahead, from observed states
    double rollout = 0.0;     ///< from the first state through the whole trajectory
    double no_change = 0.0;   ///< baselines of `pairs`: the state stays as it is,
    double relaxation = 0.0;  ///< or relaxes towards a ridge regression on it
    double rollout_no_change = 0.0;
    double rollout_correlation = 0.0;  ///< Pearson over all genes and times of a roll-out, mean over trajectories
};

/// One replica at the end.
struct ReplicaSummary {
    Index best_epoch = 0;
    double validation = 0.0;
    double sparsity = 0.0;
    double out_degree = 0.0;  ///< mean number of genes that a gene has an effect on (dash.md A6)
    double nonzero = 0.0;     ///< share of all ordered pairs, self included, with an effect
    double test = 0.0;        ///< one interval ahead; 0 without test trajectories
    double test_rollout = 0.0;
};

struct TrajectorySummary {
    std::vector<ReplicaSummary> replicas;
    std::vector<TrajectoryRound> rounds;
    TrajectoryScore validation, test;  ///< of the ensemble's mean
    double added_noise_variance = 0.0;
    prune::Lambdas lambda;
    double seconds_per_epoch = 0.0;  ///< of one replica, mean over this rank's; the largest over ranks
    std::vector<io::Edge> edges;
    std::vector<std::string> genes;
    std::vector<Timings::Phase> phases;
};

/// Trains an ensemble of differential equations on trajectories: replicas over ranks, rounds together, the mean
/// Jacobian over replicas as consensus, run.h5ad through write_network_run. Collective; the result does not depend on
/// the number of ranks.
/// @param checkpoints of this run; what they hold is not done again
/// @throws AgreedError
TrajectorySummary train_trajectories(const mpi::Communicator& world, TrajectoryInputs inputs, TrajectoryConfig config,
                                     const RunOutput& output, Index shown, Checkpoints& checkpoints, Log& log);

}  // namespace lazynet::train
