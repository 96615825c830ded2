#include "screens_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lazynet/core/text.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A figure of a report, or not a number.
double figure(const Json& report, const char* part, const char* name) {
    const auto at = report.find(part);
    return at != report.end() && at->contains(name) && at->at(name).is_number()
               ? at->at(name).get<double>()
               : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void print_schedule(const Screens& screens, const Log& log) {
    log.info(fmt::format(
        "{} screens in {} of ranks, expected balance {:.0f} %",
        std::count_if(screens.checked.begin(), screens.checked.end(), [](const auto& c) { return c.problem.empty(); }),
        counted(static_cast<Index>(screens.schedule.groups.size()), "group"), 100.0 * screens.schedule.balance()));
    for (const train::ScreenGroup& group : screens.schedule.groups) {
        std::string names;
        for (const Index s : group.screens) {
            names += (names.empty() ? "" : ", ") + screens.names[static_cast<std::size_t>(s)];
        }
        const std::string ranks = group.ranks.size() == 1
                                      ? fmt::format("rank {}", group.ranks.begin)
                                      : fmt::format("ranks {} to {}", group.ranks.begin, group.ranks.end - 1);
        log.info(fmt::format("  {:<18}{}", ranks, names));
    }
}

Json schedule_json(const Screens& screens) {
    Json json = Json::array();
    for (const train::ScreenGroup& group : screens.schedule.groups) {
        Json names = Json::array();
        for (const Index s : group.screens) {
            names.push_back(screens.names[static_cast<std::size_t>(s)]);
        }
        json.push_back({{"first_rank", group.ranks.begin}, {"ranks", group.ranks.size()}, {"screens", names}});
    }
    return json;
}

void print_screens(const Screens& screens, const Log& log) {
    log.info("\nScreens (held-out perturbations: squared error relative to no change)");
    log.info(fmt::format("  {:<20}{:>11}{:>8}{:>10}{:>13}{:>15}{:>7}{:>10}", "", "conditions", "genes", "lazynet",
                         "mean effect", "a perfect one", "ranks", "seconds"));
    for (std::size_t k = 0; k < screens.names.size(); ++k) {
        if (!screens.problem(k).empty()) {
            log.info(fmt::format("  {:<20} left out: {}", screens.names[k], screens.problem(k)));
            continue;
        }
        const train::ScreenOutcome& outcome = screens.outcomes[k];
        const Json report = Json::parse(outcome.report);
        if (report.contains("finished_before")) {
            log.info(fmt::format("  {:<20} was done already", screens.names[k]));
            continue;
        }
        const double none = figure(report, "held_out", "no_change");
        log.info(fmt::format("  {:<20}{:>11}{:>8}{:>10.3f}{:>13.3f}{:>15.3f}{:>7}{:>10.1f}", screens.names[k],
                             report["conditions"].get<Index>(), report["genes"].get<Index>(),
                             figure(report, "held_out", "model") / none, figure(report, "held_out", "mean") / none,
                             figure(report, "held_out", "noise_ceiling") / none, outcome.ranks, outcome.seconds));
    }
}

}  // namespace lazynet::cli
