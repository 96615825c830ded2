#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/train/many_screens.hpp"

namespace lazynet::cli {

/// What is known of the run: which screens are worked on, and how it ends for each.
struct Screens {
    std::vector<std::string> names;
    std::vector<train::CheckedScreen> checked;
    train::ScreenSchedule schedule;
    std::vector<train::ScreenOutcome> outcomes;
    /// Why there is no result of a screen; empty: there is one.
    [[nodiscard]] std::string problem(std::size_t k) const {
        return checked[k].problem.empty() && k < outcomes.size() ? outcomes[k].failure : checked[k].problem;
    }
};

/// Who trains what, as text and as JSON.
void print_schedule(const Screens& screens, const Log& log);
nlohmann::ordered_json schedule_json(const Screens& screens);
/// A table of all screens: sizes, errors beside baselines and the noise ceiling, times. Reports are those of to_json.
void print_screens(const Screens& screens, const Log& log);

}  // namespace lazynet::cli
