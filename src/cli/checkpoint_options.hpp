#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lazynet/data/screen_options.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/config.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// Adds the group "Checkpoints" to a command line, bound to `options`.
void add_checkpoint_options(CommandLine& line, train::CheckpointOptions& options);

/// Checks the options, and takes --overwrite over. @throws UserError naming the option
void settle(const CommonOptions& common, train::CheckpointOptions& options);

/// Whether there are steps to go on from and they are asked for: results that exist are then this run's own.
bool goes_on(const train::CheckpointOptions& options);

/// Input files and folders of a run: what each is ("screen", "prior"), and its path; an empty path is passed over.
using RunInputs = std::vector<std::pair<std::string, std::string>>;
/// The files that decide what is learned from a screen.
RunInputs inputs_of(const ScreenOptions& screen, const std::string& split, const train::TrainConfig& config);

/// What a run's checkpoints must have in common with it: build, recorded options, and the content of its input files.
/// @param recorded options as recorded_options gives them
/// @throws UserError for an input that cannot be read; not collective
io::CheckpointIdentity run_identity(const std::string& command, const std::string& recorded, const RunInputs& inputs);

/// The run's checkpoints: identity found out by the root for all. Collective. Says so when the run is done already;
/// then `finished` is true and the results are there.
/// @throws AgreedError also when they are not
train::Checkpoints open_checkpoints(const mpi::Communicator& world, const train::CheckpointOptions& options,
                                    const std::string& command, const std::string& recorded, const RunInputs& inputs,
                                    const std::string& output, Log& log);

}  // namespace lazynet::cli
