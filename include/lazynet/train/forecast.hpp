#pragma once

#include <string>
#include <vector>

#include "lazynet/io/model_file.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// What a run would take: seconds from short trials of its pieces on this machine, memory and disk from its sizes.
/// Memory and disk are meant to be right within 25 % (a test holds runs to it), seconds on a machine that does nothing
/// else. How early shards stop is up to the data, so time is a range.
struct Forecast {
    /// Named and ordered like the phases of the run's own timings.
    struct Phase {
        std::string name;
        double seconds = 0.0;     ///< the slowest rank's, if no shard stops early
        double least = 0.0;       ///< if all stop as early as they may
        double peak_bytes = 0.0;  ///< the largest rank's peak so far
    };
    std::vector<Phase> phases;
    double base_bytes = 0.0;        ///< part of every rank's peak: the program itself and the labels of the screen
    double shared_bytes = 0.0;      ///< part of the peak that the ranks of a node hold together, once
    double node_bytes = 0.0;        ///< peak of the node with most, what is shared counted once
    Index node_ranks = 0;           ///< of that node
    double output_bytes = 0.0;      ///< run.h5ad and the edge list; while they are written under another name, what
                                    ///< they replace is there too
    double checkpoint_bytes = 0.0;  ///< a folder of checkpoints at its largest, where one is asked for
    Index conditions = 0, genes = 0, inputs = 0, shards = 0;
};

/// Collective. Trains and writes nothing that stays. `file` is read a little.
/// @param models a finished run that would be pruned, or nullptr
/// @throws AgreedError for values that cannot be
Forecast forecast_run(const mpi::Communicator& world, io::ScreenFile& file, TrainConfig config, const RunOutput& output,
                      const io::ModelFile* models = nullptr);

}  // namespace lazynet::train
