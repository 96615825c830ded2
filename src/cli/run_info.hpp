#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lazynet::cli {

/// What a results file of lazynet (run.h5ad, predictions.h5ad) says about itself, with the log beside it ("log": null
/// without one, "log_problem" says why) and how to make it again. Not collective.
/// @throws UserError naming the file when it cannot be read or is no results file
nlohmann::ordered_json results_info(const std::string& path);

/// What a folder of checkpoints holds: step, age, identity, records by the first word of their keys. Not collective.
/// @throws UserError naming the folder when no step in it can be read
nlohmann::ordered_json checkpoint_info(const std::string& folder);

}  // namespace lazynet::cli
