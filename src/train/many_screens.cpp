#include "lazynet/train/many_screens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>

#include "lazynet/core/packer.hpp"
#include "lazynet/core/stop.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/mpi/bell.hpp"

namespace lazynet::train {
namespace {

/// Everybody's bytes, in the order of ranks, to everybody.
std::vector<std::vector<std::byte>> share(const mpi::Communicator& world, const std::vector<std::byte>& mine) {
    return world.exchange(std::vector<std::vector<std::byte>>(static_cast<std::size_t>(world.size()), mine));
}

std::vector<std::byte> pack(Index screen, const ScreenOutcome& outcome) {
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    packer.index(screen);
    packer.text(outcome.failure);
    packer.text(outcome.report);
    packer.number(outcome.seconds);
    packer.index(outcome.ranks);
    packer.index(outcome.done ? 1 : 0);
    return bytes;
}

void unpack(const std::vector<std::byte>& bytes, std::vector<ScreenOutcome>& outcomes) {
    Unpacker unpacker(bytes);
    while (!unpacker.done()) {
        ScreenOutcome& outcome = outcomes[static_cast<std::size_t>(unpacker.index())];
        outcome.failure = unpacker.text();
        outcome.report = unpacker.text();
        outcome.seconds = unpacker.number();
        outcome.ranks = unpacker.index();
        outcome.done = unpacker.index() != 0;
    }
}

/// One rank's way through its group's screens.
class GroupWork {
public:
    GroupWork(const mpi::Communicator& world, const std::vector<std::string>& names, const ScreenGroup& mine,
              bool skip_bad, const Log& log, const ScreenWork& work)
        : world_(world),
          group_(world.split(static_cast<int>(mine.ranks.begin))),
          bell_(world),
          names_(names),
          mine_(mine),
          skip_bad_(skip_bad),
          log_(log),
          work_(work) {
        hear_of_stops([this] { return bell_.heard(); });
    }
    GroupWork(const GroupWork&) = delete;
    GroupWork& operator=(const GroupWork&) = delete;
    ~GroupWork() { hear_of_stops(nullptr); }

    std::vector<ScreenOutcome> operator()() {
        for (std::size_t k = 0; k < mine_.screens.size() && !stopped_ && !failed_; ++k) {
            one(mine_.screens[k]);
        }
        if (failed_ && group_.is_root()) {
            throw UserError(*failed_);  // ends all ranks; the others of the group wait for that below
        }
        bell_.silence();
        std::vector<ScreenOutcome> all(names_.size());
        for (const auto& bytes : share(world_, outcomes_)) {
            unpack(bytes, all);
        }
        agree_on_stop(all);
        return all;
    }

private:
    void one(Index screen) {
        if (group_.max(std::int64_t{stop_requested()}) != 0) {
            stop();
            return;
        }
        const std::string& name = names_[static_cast<std::size_t>(screen)];
        Log log = log_.named(name, group_.is_root(), world_.is_root());
        const auto start = std::chrono::steady_clock::now();
        ScreenOutcome outcome;
        outcome.ranks = group_.size();
        try {
            outcome.report = work_(group_, screen, log);
            outcome.done = true;
        } catch (const StoppedOnRequest&) {
            stop();
            return;
        } catch (const AgreedError& e) {
            fail(name, e.what(), log);
            outcome.failure = e.what();
        }
        outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (group_.is_root()) {
            const std::vector<std::byte> bytes = pack(screen, outcome);
            outcomes_.insert(outcomes_.end(), bytes.begin(), bytes.end());
        }
    }

    void fail(const std::string& name, const std::string& why, Log& log) {
        log.progress_done();
        if (skip_bad_) {
            log.warning(why + "; left out (--skip-bad)");
            return;
        }
        failed_ = fmt::format("screen '{}': {} (with --skip-bad the others go on)", name, why);
        if (group_.size() == world_.size()) {
            throw AgreedError(*failed_);
        }
    }

    void stop() {
        stopped_ = true;
        if (group_.is_root()) {
            const int signal = stop_requested();
            bell_.ring(signal != 0 ? signal : SIGTERM);
        }
    }

    void agree_on_stop(const std::vector<ScreenOutcome>& all) const {
        if (world_.max(std::int64_t{stopped_ ? 1 : 0}) == 0) {
            return;
        }
        const auto done = std::count_if(all.begin(), all.end(), [](const ScreenOutcome& o) { return o.done; });
        throw StoppedOnRequest(fmt::format(
            "stopped on request: {} done, the work on others is saved; run the same command with --resume to go on",
            counted(done, "screen")));
    }

    const mpi::Communicator& world_;
    mpi::Communicator group_;
    mpi::Bell bell_;
    const std::vector<std::string>& names_;
    const ScreenGroup& mine_;
    bool skip_bad_;
    const Log& log_;
    const ScreenWork& work_;
    std::vector<std::byte> outcomes_;
    std::optional<std::string> failed_;
    bool stopped_ = false;
};

}  // namespace

std::vector<CheckedScreen> check_screens(const mpi::Communicator& world, Index screens,
                                         const std::function<ScreenCost(Index screen)>& look) {
    std::vector<std::byte> mine;
    world.together([&] {
        for (Index s = world.rank(); s < screens; s += world.size()) {
            CheckedScreen checked;
            try {
                checked.cost = look(s);
            } catch (const UserError& e) {
                checked.problem = e.what();
            }
            Packer packer(mine);
            packer.index(s);
            packer.text(checked.problem);
            packer.number(checked.cost.work);
            packer.index(checked.cost.shards);
        }
    });
    std::vector<CheckedScreen> all(static_cast<std::size_t>(screens));
    for (const auto& bytes : share(world, mine)) {
        Unpacker unpacker(bytes);
        while (!unpacker.done()) {
            CheckedScreen& checked = all[static_cast<std::size_t>(unpacker.index())];
            checked.problem = unpacker.text();
            checked.cost.work = unpacker.number();
            checked.cost.shards = unpacker.index();
        }
    }
    return all;
}

std::vector<ScreenOutcome> work_in_groups(const mpi::Communicator& world, const std::vector<std::string>& names,
                                          const ScreenSchedule& schedule, bool skip_bad, const Log& log,
                                          const ScreenWork& work) {
    const ScreenGroup& mine = schedule.groups[static_cast<std::size_t>(schedule.group_of(world.rank()))];
    return GroupWork(world, names, mine, skip_bad, log, work)();
}

}  // namespace lazynet::train
