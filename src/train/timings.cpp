#include "lazynet/train/timings.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "lazynet/core/large_buffer.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

/// Numbers of one rank in one phase, as they are sent to the root.
constexpr std::size_t kNumbers = 5;

/// Far above the median: own work that took this many times as long, and seconds longer.
constexpr double kFarTimes = 1.5;
constexpr double kFarSeconds = 1.0;

void append(const Timings::RankShare& share, std::vector<double>& numbers) {
    numbers.insert(numbers.end(), {share.seconds, share.peak_bytes, static_cast<double>(share.mpi.calls),
                                   static_cast<double>(share.mpi.bytes), share.mpi.seconds});
}

Timings::RankShare share_of(std::span<const double> numbers) {
    return {"",
            numbers[0],
            numbers[1],
            {static_cast<std::int64_t>(numbers[2]), static_cast<std::int64_t>(numbers[3]), numbers[4]}};
}

void add(const Timings::RankShare& share, Timings::Phase& phase) {
    phase.seconds = std::max(phase.seconds, share.seconds);
    phase.peak_bytes = std::max(phase.peak_bytes, share.peak_bytes);
    phase.mpi.calls = std::max(phase.mpi.calls, share.mpi.calls);
    phase.mpi.bytes = std::max(phase.mpi.bytes, share.mpi.bytes);
    phase.mpi.seconds = std::max(phase.mpi.seconds, share.mpi.seconds);
    phase.mpi_all += share.mpi.bytes;
}

}  // namespace

void Timings::start(std::string name) {
    stop();
    return_free_memory();
    mpi::now_in_phase(name);
    names_.push_back(std::move(name));
    before_ = mpi::traffic();
    begin_ = std::chrono::steady_clock::now();
    running_ = true;
}

void Timings::stop() {
    if (running_) {
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        mine_.push_back({"", seconds, peak_memory(), mpi::traffic() - before_});
        running_ = false;
    }
}

std::vector<Timings::Phase> Timings::over_ranks(const mpi::Communicator& world) {
    stop();
    std::vector<double> numbers;
    for (const RankShare& share : mine_) {
        append(share, numbers);
    }
    const std::vector<double> all = world.gather(numbers);
    const std::vector<std::string> hosts = world.gather(mpi::host_name());
    std::vector<Phase> phases(names_.size());
    for (std::size_t at = 0; at < all.size(); at += kNumbers) {
        Phase& phase = phases[at / kNumbers % phases.size()];
        RankShare share = share_of(std::span(all).subspan(at, kNumbers));
        add(share, phase);
        if (world.is_root()) {
            share.host = hosts[phase.ranks.size()];
            phase.ranks.push_back(std::move(share));
        }
    }
    for (std::size_t k = 0; k < phases.size(); ++k) {
        phases[k].name = names_[k];
    }
    return phases;
}

std::optional<std::size_t> straggler(std::span<const Timings::RankShare> ranks) {
    if (ranks.size() < 2) {
        return std::nullopt;
    }
    std::vector<double> own;
    for (const Timings::RankShare& rank : ranks) {
        own.push_back(rank.own_seconds());
    }
    const auto slowest = std::max_element(own.begin(), own.end());
    const auto at = static_cast<std::size_t>(slowest - own.begin());
    const double longest = *slowest;
    // The lower of two middles: of two ranks the other one is what the slow one is compared with.
    const auto middle = own.begin() + static_cast<std::ptrdiff_t>((own.size() - 1) / 2);
    std::nth_element(own.begin(), middle, own.end());
    const bool far = longest > kFarTimes * *middle && longest > *middle + kFarSeconds;
    return far ? std::optional(at) : std::nullopt;
}

double peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

double resident_memory() {
    std::ifstream pages("/proc/self/statm");
    double all = 0.0;
    double resident = 0.0;
    return pages >> all >> resident ? resident * static_cast<double>(sysconf(_SC_PAGESIZE)) : peak_memory();
}

}  // namespace lazynet::train
