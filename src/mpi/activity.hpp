#pragma once

#include <atomic>
#include <cstdint>

#include "lazynet/mpi/heartbeat.hpp"

namespace lazynet::mpi {

/// What this process is doing, as now_in_phase and made_progress have told; the watchdog's thread copies it to the
/// board.
struct Activity {
    SharedText phase;
    SharedText detail;
    std::atomic<std::int64_t> steps{0};
    std::atomic<bool> reports{false};
};

Activity& activity();

}  // namespace lazynet::mpi
