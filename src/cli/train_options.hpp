#pragma once

#include <string>

#include "lazynet/train/config.hpp"
#include "options.hpp"
#include "prune_options.hpp"

namespace lazynet::cli {

/// Options that arrive as words and become enums or numbers.
struct TrainWords {
    std::string model = "lazynet";
    std::string pairs = "pseudobulk";
    std::string weights = "noise";
    std::string loss = "mse";
    std::string bootstrap = "both";
    std::string l2 = "auto";
    std::string store = "full";
    std::string fit = "auto";
    std::string families = "auto";
    double knockdown = 0.0;
    double activation = 0.0;
    PruneWords prune;
};

/// Adds the groups "Model", "Training", "Pruning" and "Results" to a command line, bound to `config` and `words`.
void add_train_options(CommandLine& line, train::TrainConfig& config, TrainWords& words);

/// Turns words into the config and checks it. @throws UserError naming the option and its choices
void read_words(const TrainWords& words, train::TrainConfig& config);

}  // namespace lazynet::cli
