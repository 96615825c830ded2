#include "neighbour.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace lazynet::mpi {

void Neighbour::watch(pid_t pid) {
#ifdef SYS_pidfd_open
    descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
#else
    static_cast<void>(pid);
#endif
}

void Neighbour::forget() {
    if (descriptor_ >= 0) {
        close(descriptor_);
        descriptor_ = -1;
    }
}

Neighbour::~Neighbour() {
    forget();
}

}  // namespace lazynet::mpi
