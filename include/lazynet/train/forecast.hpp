#pragma once

#include <string>
#include <vector>

#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// What a run would take: seconds from short trials of its pieces on this machine, memory and disk from its sizes.
/// Meant to be right within a factor of two. How early shards stop is up to the data, so time is a range.
struct Forecast {
    /// Named and ordered like the phases of the run's own timings.
    struct Phase {
        std::string name;
        double seconds = 0.0;     ///< the slowest rank's, if no shard stops early
        double least = 0.0;       ///< if all stop as early as they may
        double peak_bytes = 0.0;  ///< the largest rank's peak so far
    };
    std::vector<Phase> phases;
    double shared_bytes = 0.0;  ///< part of the peak that the ranks of a node hold together, once
    double output_bytes = 0.0;  ///< run.h5ad and the edge list
    Index conditions = 0, genes = 0, inputs = 0, shards = 0;
};

/// Collective. Trains and writes nothing. `file` is read a little.
/// @throws AgreedError for values that cannot be
Forecast forecast_run(const mpi::Communicator& world, io::ScreenFile& file, TrainConfig config,
                      const RunOutput& output);

}  // namespace lazynet::train
