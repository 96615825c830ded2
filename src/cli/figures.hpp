#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "options.hpp"

namespace lazynet::cli {

/// Writes a command's figures where --json asks for them; nothing without --json. Text that is not UTF-8 is mended.
/// On one rank. @throws UserError naming the file and the reason
void write_json(const CommonOptions& common, const nlohmann::ordered_json& figures);

}  // namespace lazynet::cli
