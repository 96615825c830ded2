#pragma once

#include <nlohmann/json.hpp>

#include "lazynet/core/log.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/forecast.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// What a forecast says, as JSON and as text.
nlohmann::ordered_json to_json(const train::Forecast& forecast);
void print_forecast(const train::Forecast& forecast, const mpi::Communicator& world, const Log& log);

/// --dry-run of `train` and `prune`: everything is checked, tried and foretold, but nothing done. Collective.
/// @param models a finished run that would be pruned, or nullptr
/// @throws AgreedError when the results would not fit where they are to go
void dry_run(const mpi::Communicator& world, io::ScreenFile& file, const train::TrainConfig& config,
             const train::RunOutput& output, const io::ModelFile* models, const CommonOptions& common, const Log& log);

}  // namespace lazynet::cli
