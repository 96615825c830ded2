#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lazynet/core/log.hpp"
#include "lazynet/train/cross_screen.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// Adds the group "Comparison of screens", bound to `options`.
void add_cross_options(CommandLine& line, train::CrossOptions& options);
/// @throws UserError naming the option
void require_sense(const train::CrossOptions& options);

/// Where a comparison goes in a folder.
struct CrossFiles {
    explicit CrossFiles(const std::string& folder);
    std::string list, matrices;
};

/// What a comparison found, as JSON and as text.
nlohmann::ordered_json to_json(const train::CrossSummary& summary);
void print_comparison(const train::CrossSummary& summary, const train::CrossOptions& options, const Log& log);

}  // namespace lazynet::cli
