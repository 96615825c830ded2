#pragma once

#include <nlohmann/json.hpp>

#include "lazynet/core/log.hpp"

namespace lazynet::cli {

/// Prints what results_info or checkpoint_info found; with --verbose all options and timings by rank.
void print_info(const nlohmann::ordered_json& info, const Log& log);

}  // namespace lazynet::cli
