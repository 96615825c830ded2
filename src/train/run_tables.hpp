#pragma once

#include <vector>

#include "lazynet/io/results.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// Regulators' training pairs over the screen: per regulator, conditions that move it.
std::vector<std::int64_t> regulator_support(const Screen& screen, const Pairs& pairs);

/// obs, var, uns of a run: the small things. `control_mean` per gene of the screen (mean over contexts).
void describe_run(const mpi::Communicator& world, const RunOutput& output, const RunFacts& facts,
                  const Predictions& predictions, const std::vector<double>& control_mean,
                  const std::vector<TrainedShard>& shards, io::ResultsFile& file);

}  // namespace lazynet::train
