#include "lazynet/data/screen_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lazynet/core/error.hpp"
#include "lazynet/data/cell_filter.hpp"

namespace lazynet {
namespace {

void require_choice(const char* option, const std::string& value, const std::vector<std::string>& choices) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
        throw UserError(fmt::format("{} {}: expected one of {}", option, value, fmt::join(choices, ", ")));
    }
}

}  // namespace

void ScreenOptions::validate() const {
    require_choice("--duplicate-genes", duplicate_genes, {"error", "first", "drop", "suffix"});
    require_choice("--normalization", normalization, {"auto", "counts", "log1p", "none"});
    require_choice("--rows", rows, {"auto", "cells", "conditions"});
    if (min_cells < 1) {
        throw UserError(fmt::format("--min-cells-per-perturbation {}: expected at least 1", min_cells));
    }
    for (const std::string& filter : where) {
        (void)parse_cell_filter(filter);
    }
}

}  // namespace lazynet
