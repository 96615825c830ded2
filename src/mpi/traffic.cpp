#include "lazynet/mpi/traffic.hpp"

#include <atomic>
#include <chrono>

namespace lazynet::mpi {
namespace {

Traffic total;                               // of the main thread, the only one that communicates
std::atomic<const char*> current = nullptr;  // read by the watchdog
std::atomic<std::int64_t> begun = 0;         // as total.calls, for the watchdog

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Traffic Traffic::operator-(const Traffic& before) const {
    return {calls - before.calls, bytes - before.bytes, seconds - before.seconds};
}

Traffic traffic() {
    return total;
}

CountedCall::CountedCall(const char* name, std::int64_t bytes) : outer_(current.exchange(name)), begin_(now()) {
    ++total.calls;
    begun.store(total.calls, std::memory_order_relaxed);
    total.bytes += bytes;
}

CountedCall::~CountedCall() {
    if (outer_ == nullptr) {  // of calls within calls only the outer one's time counts
        total.seconds += now() - begin_;
    }
    current = outer_;
}

const char* call_in_progress() {
    return current;
}

std::int64_t calls_begun() {
    return begun.load(std::memory_order_relaxed);
}

}  // namespace lazynet::mpi
