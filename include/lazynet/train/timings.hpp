#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// Wall seconds by named phase, and the rank's peak memory. Told of every phase on every rank, in the same order.
class Timings {
public:
    /// Ends the running phase, if any, and starts `name`. What the phase before has freed goes back to the system.
    void start(std::string name);
    void stop();

    struct Phase {
        std::string name;
        double seconds = 0.0;     ///< the slowest rank's
        double peak_bytes = 0.0;  ///< the largest rank's peak so far, at the end of the phase
    };
    /// Collective. Ends the running phase.
    std::vector<Phase> over_ranks(const mpi::Communicator& world);

private:
    std::vector<std::string> names_;
    std::vector<double> seconds_;
    std::vector<double> peaks_;
    std::chrono::steady_clock::time_point begin_;
    bool running_ = false;
};

/// Peak resident memory of this process, bytes.
double peak_memory();

/// Resident memory of this process now, bytes; the peak where the system does not tell.
double resident_memory();

}  // namespace lazynet::train
