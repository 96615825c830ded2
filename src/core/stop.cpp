#include "lazynet/core/stop.hpp"

#include <csignal>
#include <utility>

namespace lazynet {
namespace {

volatile std::sig_atomic_t received = 0;
std::function<int()> told_elsewhere;

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
    if (received == 0 && told_elsewhere) {
        received = told_elsewhere();
    }
    return received;
}

void hear_of_stops(std::function<int()> elsewhere) {
    told_elsewhere = std::move(elsewhere);
}

}  // namespace lazynet
