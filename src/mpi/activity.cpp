#include "activity.hpp"

#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::mpi {
namespace {

constinit Activity of_this_process;  // there before main and in signal handlers

}  // namespace

Activity& activity() {
    return of_this_process;
}

void now_in_phase(std::string_view phase) {
    of_this_process.reports = false;
    of_this_process.phase.store(phase);
    of_this_process.detail.store({});
    of_this_process.steps.fetch_add(1, std::memory_order_relaxed);
}

void made_progress(std::string_view detail) {
    if (!detail.empty()) {
        of_this_process.detail.store(detail);
    }
    of_this_process.steps.fetch_add(1, std::memory_order_relaxed);
    of_this_process.reports.store(true, std::memory_order_relaxed);
}

}  // namespace lazynet::mpi
