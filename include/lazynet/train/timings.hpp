#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/traffic.hpp"

namespace lazynet::train {

/// Wall seconds by named phase, the rank's peak memory and what it sent. Told of every phase on every rank, in the same
/// order.
class Timings {
public:
    /// Ends the running phase, if any, and starts `name`. What the phase before has freed goes back to the system.
    void start(std::string name);
    void stop();

    /// One rank in one phase.
    struct RankShare {
        std::string host;
        double seconds = 0.0;
        double peak_bytes = 0.0;  ///< so far, at the end of the phase
        mpi::Traffic mpi;
        /// Seconds outside MPI: what a rank that waits for others does not count.
        [[nodiscard]] double own_seconds() const { return seconds - mpi.seconds; }
    };

    struct Phase {
        std::string name;
        double seconds = 0.0;          ///< the slowest rank's
        double peak_bytes = 0.0;       ///< the largest rank's peak so far, at the end of the phase
        mpi::Traffic mpi;              ///< each the largest of any rank
        std::int64_t mpi_all = 0;      ///< bytes sent by all ranks
        std::vector<RankShare> ranks;  ///< on the root only, by rank
    };
    /// Collective. Ends the running phase.
    std::vector<Phase> over_ranks(const mpi::Communicator& world);

private:
    std::vector<std::string> names_;
    std::vector<RankShare> mine_;
    mpi::Traffic before_;
    std::chrono::steady_clock::time_point begin_;
    bool running_ = false;
};

/// The rank whose own work in a phase took longest, when that is far above the median rank's: by half and by a second.
/// @param ranks of at least two ranks, or the answer is none
std::optional<std::size_t> straggler(std::span<const Timings::RankShare> ranks);

/// Peak resident memory of this process, bytes.
double peak_memory();

/// Resident memory of this process now, bytes; the peak where the system does not tell.
double resident_memory();

}  // namespace lazynet::train
