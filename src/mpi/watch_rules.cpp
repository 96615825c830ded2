#include "lazynet/mpi/watch_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lazynet::mpi {
namespace {

/// Seconds between two looks that say that the watcher was held up.
constexpr double kLate = 3.0;
/// Ranks of other nodes are seen every few seconds, through a file system that may be late itself.
constexpr double kPatienceAfar = 3.0;

bool lives(const Pulse& pulse) {
    return pulse.known && (pulse.stage == Stage::running || pulse.stage == Stage::finishing);
}

bool has_left(const Pulse& pulse) {
    return pulse.stage == Stage::finishing || pulse.stage == Stage::gone;
}

/// The one that is not where the others are: it left, or it is in a call of its own.
std::size_t odd_one(std::span<const Pulse> pulses) {
    const auto company = [&](const Pulse& one) {
        return has_left(one) ? 0 : std::count_if(pulses.begin(), pulses.end(), [&](const Pulse& other) {
            return other.call == one.call;
        });
    };
    const auto lonelier = [&](const Pulse& a, const Pulse& b) { return company(a) < company(b); };
    return static_cast<std::size_t>(std::min_element(pulses.begin(), pulses.end(), lonelier) - pulses.begin());
}

}  // namespace

WatchRules::WatchRules(std::size_t ranks, WatchLimits limits) : limits_(limits), seen_(ranks) {}

Finding WatchRules::look(std::span<const Pulse> pulses, double seconds) {
    count(pulses, seconds);
    for (const Finding& finding : {silent(pulses), stuck(pulses), all_wait(pulses)}) {
        if (finding.trouble != Trouble::none) {
            return finding;
        }
    }
    return {};
}

void WatchRules::count(std::span<const Pulse> pulses, double seconds) {
    const bool late = seconds > kLate;
    for (std::size_t r = 0; r < pulses.size(); ++r) {
        Seen& seen = seen_[r];
        const Pulse& pulse = pulses[r];
        seen.silent = late || pulse.beats != seen.beats ? 0.0 : seen.silent + seconds;
        seen.idle = late || pulse.steps != seen.steps ? 0.0 : seen.idle + seconds;
        seen.heard = pulse.known && (seen.heard || (seen.beats >= 0 && pulse.beats != seen.beats));
        seen.beats = pulse.known ? pulse.beats : -1;
        seen.steps = pulse.steps;
    }
}

Finding WatchRules::silent(std::span<const Pulse> pulses) const {
    for (std::size_t r = 0; r < pulses.size(); ++r) {
        const double limit = pulses[r].here ? limits_.silence : kPatienceAfar * limits_.silence;
        // The line of an earlier job is no heart that stopped.
        const bool was_heard = pulses[r].here || seen_[r].heard;
        if (lives(pulses[r]) && !pulses[r].in_file && was_heard && seen_[r].silent >= limit) {
            return {Trouble::silent, r, seen_[r].silent};
        }
    }
    return {};
}

/// Phases that tell nothing are left alone: how long they may take is not known.
Finding WatchRules::stuck(std::span<const Pulse> pulses) const {
    for (std::size_t r = 0; r < pulses.size() && limits_.hang > 0.0; ++r) {
        const Pulse& pulse = pulses[r];
        if (lives(pulse) && pulse.stage == Stage::running && pulse.reports && pulse.call == 0 &&
            seen_[r].idle >= limits_.hang) {
            return {Trouble::stuck, r, seen_[r].idle};
        }
    }
    return {};
}

Finding WatchRules::all_wait(std::span<const Pulse> pulses) const {
    double idle = std::numeric_limits<double>::infinity();
    bool some_left = false;
    bool some_stay = false;
    for (std::size_t r = 0; r < pulses.size(); ++r) {
        const Pulse& pulse = pulses[r];
        if (!pulse.known || pulse.stage == Stage::absent || (pulse.stage == Stage::running && pulse.call == 0)) {
            return {};
        }
        idle = lives(pulse) ? std::min(idle, seen_[r].idle) : idle;
        some_left = some_left || has_left(pulse);
        some_stay = some_stay || !has_left(pulse);
    }
    // Who has left comes to no call any more, so the others wait for ever: there is no need to be patient.
    const double limit = some_left && some_stay ? limits_.silence : limits_.hang;
    if (limit <= 0.0 || idle < limit || std::isinf(idle)) {
        return {};
    }
    return {Trouble::all_wait, odd_one(pulses), idle};
}

}  // namespace lazynet::mpi
