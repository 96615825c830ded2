#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lazynet/scoring/scoreboard.hpp"

namespace lazynet::cli {

/// Tables for people. @param all every measure instead of the headlines
std::string evaluation_text(const scoring::Evaluation& evaluation, const scoring::Scoreboard& board, bool all);
/// One line per condition and method: what it is, and every measure.
std::string evaluation_csv(const scoring::Evaluation& evaluation);
/// One line per group of conditions, method and measure: rows, mean, median, interval of the mean.
std::string summary_csv(const scoring::Evaluation& evaluation, const scoring::Scoreboard& board);
nlohmann::ordered_json evaluation_json(const scoring::Evaluation& evaluation, const scoring::Scoreboard& board);
/// Every measure there is: name, direction, definition.
std::string measure_text();

}  // namespace lazynet::cli
