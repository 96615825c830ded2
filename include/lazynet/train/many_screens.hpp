#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/screen_schedule.hpp"

namespace lazynet::train {

/// A screen that was looked at before anything is trained.
struct CheckedScreen {
    std::string problem;  ///< why it cannot be trained on; empty: it can
    ScreenCost cost;
};

/// Looks at every screen once, dealt out over the ranks. Collective; the same on every rank.
/// @param look at one screen, alone: opens it and tells its cost; a UserError is its problem
std::vector<CheckedScreen> check_screens(const mpi::Communicator& world, Index screens,
                                         const std::function<ScreenCost(Index screen)>& look);

/// How the work on one screen ended.
struct ScreenOutcome {
    std::string failure;   ///< why there is no result; empty: there is one
    std::string report;    ///< what the work had to tell
    double seconds = 0.0;  ///< on the group's ranks together
    Index ranks = 0;
    bool done = false;  ///< false without a failure: the run was stopped before
};

/// Work on one screen by a group of ranks. Collective over the group; only its root's report counts.
using ScreenWork = std::function<std::string(const mpi::Communicator& group, Index screen, Log& log)>;

/// Works on every screen as scheduled: each rank with its group, which speaks with the screen's name before every line.
/// Collective over `world`.
///
/// An AgreedError of a group is the screen's failure: with `skip_bad` it is reported and the group goes on, without it
/// all ranks end with it. Where a group stops on request, the others hear of it and stop when they next save.
/// @param names of all screens @param schedule of those that are worked on
/// @return per name, the same on every rank
/// @throws AgreedError, or a UserError on the root of the group that failed; StoppedOnRequest
std::vector<ScreenOutcome> work_in_groups(const mpi::Communicator& world, const std::vector<std::string>& names,
                                          const ScreenSchedule& schedule, bool skip_bad, const Log& log,
                                          const ScreenWork& work);

}  // namespace lazynet::train
