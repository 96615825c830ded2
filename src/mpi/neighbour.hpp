#pragma once

#include <sys/types.h>

namespace lazynet::mpi {

/// The process of another rank on this machine: the kernel tells when it ends, sooner than any launcher.
class Neighbour {
public:
    Neighbour() = default;
    Neighbour(const Neighbour&) = delete;
    Neighbour& operator=(const Neighbour&) = delete;
    ~Neighbour();
    /// Where the kernel cannot watch processes nothing will be heard.
    void watch(pid_t pid);
    void forget();
    /// For poll: readable once the process has ended; negative: nothing to wait for.
    [[nodiscard]] int descriptor() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

}  // namespace lazynet::mpi
