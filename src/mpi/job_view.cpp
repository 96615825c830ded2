#include "job_view.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <functional>
#include <limits>
#include <utility>

namespace lazynet::mpi {
namespace {

constexpr std::size_t kNear = std::numeric_limits<std::size_t>::max();

std::string host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::uint64_t pid_space() {
    struct stat facts {};
    return stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

std::string time_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    return text.data();
}

std::uint64_t call_number(const std::string& call) {
    return call.empty() ? 0 : std::hash<std::string>()(call) | 1U;
}

}  // namespace

JobView::JobView(const Communicator& world, const Communicator& node)
    : board_(node), host_(host_name()), size_(world.size()), leads_(!board_.is_shared() || node.is_root()) {
    const auto all = [](const Communicator& ranks, std::int64_t value) {
        return ranks.gather(std::span<const std::int64_t>(&value, 1));
    };
    const std::vector<std::int64_t> leaders = all(world, leads_ ? 1 : 0);
    for (int r = 0; r < world.rank(); ++r) {
        turn_ += leaders[static_cast<std::size_t>(r)] != 0 ? 1 : 0;
    }
    std::vector<std::int64_t> near = all(node, world.rank());
    if (!board_.is_shared()) {
        near = {world.rank()};
    }
    if (leads_) {
        afar_of_.assign(static_cast<std::size_t>(size_), 0);
        for (const std::int64_t rank : near) {
            afar_of_[static_cast<std::size_t>(rank)] = kNear;
        }
        std::size_t next = 0;
        for (std::size_t& place : afar_of_) {
            place = place == kNear ? kNear : next++;
        }
        afar_.resize(next);
    } else {
        afar_.resize(static_cast<std::size_t>(size_) > near.size() ? 1 : 0);
    }
    me().rank = world.rank();
    me().pid = getpid();
    me().pid_space = pid_space();
    me().stage = Stage::running;
}

void JobView::read_pulses(std::vector<Pulse>& pulses) const {
    pulses.clear();
    for (const Heartbeat& of : board_.ranks()) {
        pulses.push_back({.known = true,
                          .here = true,
                          .stage = of.stage,
                          .beats = of.beats,
                          .steps = of.steps,
                          .reports = of.reports,
                          .in_file = of.in_file,
                          .call = call_number(of.call.text())});
    }
    for (const RankLine& of : afar_) {
        pulses.push_back({.known = of.stage != Stage::absent,
                          .here = false,
                          .stage = of.stage,
                          .beats = of.beats,
                          .steps = of.steps,
                          .reports = false,  // its own node sees to that
                          .in_file = false,
                          .call = call_number(of.call)});
    }
}

std::vector<RankLine> JobView::lines(const WatchRules& rules) const {
    std::vector<RankLine> lines;
    const std::string now = time_text();
    for (std::size_t k = 0; k < board_.ranks().size(); ++k) {
        if (board_.ranks()[k].stage.load() != Stage::absent) {
            lines.push_back(line(k));
            lines.back().idle = rules.idle(k);
            lines.back().written = now;
        }
    }
    return lines;
}

void JobView::take(std::vector<RankLine> lines) {
    for (RankLine& gone : afar_) {
        gone.stage = Stage::absent;
    }
    for (RankLine& found : lines) {
        const auto rank = static_cast<std::size_t>(found.rank);
        if (rank < afar_of_.size() && afar_of_[rank] != kNear) {
            afar_[afar_of_[rank]] = std::move(found);
        }
    }
}

RankLine JobView::line(std::size_t k) const {
    if (!is_near(k)) {
        return afar_[k - board_.ranks().size()];
    }
    const Heartbeat& of = board_.ranks()[k];
    return {of.rank, host_, of.pid,   of.phase.text(), of.detail.text(), of.call.text(),
            0.0,     "",    of.stage, of.beats,        of.steps};
}

std::string JobView::name(std::size_t k) const {
    const RankLine of = line(k);
    return fmt::format("rank {}/{} on {}", of.rank, size_, of.host);
}

std::string JobView::place(std::size_t k) const {
    const RankLine of = line(k);
    return "phase " + (of.phase.empty() ? "start" : of.phase) + (of.detail.empty() ? "" : " (" + of.detail + ")");
}

}  // namespace lazynet::mpi
