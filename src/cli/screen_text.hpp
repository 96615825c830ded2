#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lazynet/data/screen_report.hpp"

namespace lazynet::cli {

/// What was found in an input file, for people. `verbose`: lists are printed whole.
std::string screen_text(const ScreenReport& report, bool verbose);

/// The same as JSON, always whole.
nlohmann::ordered_json screen_json(const ScreenReport& report);

}  // namespace lazynet::cli
