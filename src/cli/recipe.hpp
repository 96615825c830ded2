#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lazynet::cli {

/// What results are of.
enum class ResultsKind { screen, screens, trajectories, system, effects, predictions, other };

/// How results can be made again.
struct Recipe {
    nlohmann::ordered_json changed;  ///< recorded options that are not at their defaults, as far as these are known
    std::string folder;              ///< in which the command was given; "": not known
    std::string command;             ///< a shell line; "": not known
    std::vector<std::string> notes;  ///< what else must be so
};

/// @param path of the results @param command that made them ("train", "prune", "predict") @param options recorded in
/// them @param log beside them (RunLog), or null
Recipe recipe_for(const std::string& path, ResultsKind kind, const std::string& command,
                  const nlohmann::ordered_json& options, const nlohmann::ordered_json& log);

}  // namespace lazynet::cli
