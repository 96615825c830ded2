#include "lazynet/core/stop.hpp"

#include <csignal>

namespace lazynet {
namespace {

volatile std::sig_atomic_t received = 0;

extern "C" void remember(int signal) {
    received = signal;
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = remember;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGUSR1, &action, nullptr);
}

int stop_requested() {
    return received;
}

}  // namespace lazynet
