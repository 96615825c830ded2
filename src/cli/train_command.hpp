#pragma once

#include <span>
#include <string>
#include <vector>

#include "lazynet/data/screen_options.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/run_results.hpp"
#include "options.hpp"
#include "split_options.hpp"
#include "train_options.hpp"

namespace lazynet::cli {

/// A `train` command line about one screen.
struct TrainCommand {
    CommonOptions common;
    ScreenOptions screen;
    std::vector<std::string> inputs;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    train::RunOutput output;
    train::CheckpointOptions checkpoint;
};

/// Reads and checks a command line, outputs included. Collective. With more than one input nothing is checked: that is
/// another command's.
/// @return false when only help or the resolved options were asked for
bool parse_train(const mpi::Communicator& world, std::span<const std::string> args, TrainCommand& command);

}  // namespace lazynet::cli
