#pragma once

#include <string>
#include <vector>

#include "options.hpp"

namespace lazynet::cli {

/// Options that decide a run's result, as JSON: not where it goes nor how much is said on the way. An option given
/// several times becomes a list. @param left_out options of this command that say where things go, besides those of all
std::string recorded_options(const CommandLine& line, std::vector<std::string> left_out = {});

}  // namespace lazynet::cli
