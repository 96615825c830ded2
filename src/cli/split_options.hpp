#pragma once

#include <string>

#include "lazynet/data/screen.hpp"
#include "lazynet/train/run_results.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// --split and --fold: what is kept from training.
struct SplitWords {
    std::string file;
    std::string fold;
};

void add_split_options(CommandLine& line, SplitWords& words);

/// Takes what the named fold holds out of the screen, before anything is computed from it, and has the run say so.
/// Nothing without --split. Not collective. @returns what was done; "" if nothing  @throws UserError
std::string apply_split(const SplitWords& words, Screen& screen, train::RunOutput& output);

}  // namespace lazynet::cli
