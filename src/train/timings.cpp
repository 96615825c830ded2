#include "lazynet/train/timings.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "lazynet/core/large_buffer.hpp"

namespace lazynet::train {

void Timings::start(std::string name) {
    stop();
    return_free_memory();
    names_.push_back(std::move(name));
    begin_ = std::chrono::steady_clock::now();
    running_ = true;
}

void Timings::stop() {
    if (running_) {
        seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
        peaks_.push_back(peak_memory());
        running_ = false;
    }
}

std::vector<Timings::Phase> Timings::over_ranks(const mpi::Communicator& world) {
    stop();
    std::vector<Phase> phases;
    for (std::size_t k = 0; k < names_.size(); ++k) {
        phases.push_back({names_[k], world.max(seconds_[k]), world.max(peaks_[k])});
    }
    return phases;
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
