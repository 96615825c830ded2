#include "lazynet/mpi/assembly.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {
namespace {

constexpr int kRequest = 1;
constexpr int kCall = 2;
/// Between two looks of a rank that has nothing else to do.
constexpr auto kNap = std::chrono::milliseconds(2);

bool is_waiting(MPI_Comm comm, int source, int tag) {
    int found = 0;
    check(MPI_Iprobe(source, tag, comm, &found, MPI_STATUS_IGNORE));
    return found != 0;
}

void send(MPI_Comm comm, int to, int tag) {
    const CountedCall counted("MPI_Send", 0);
    check(MPI_Send(nullptr, 0, MPI_BYTE, to, tag, comm));  // empty messages wait for nobody
}

void receive(MPI_Comm comm, int source, int tag) {
    const CountedCall counted("MPI_Recv", 0);
    check(MPI_Recv(nullptr, 0, MPI_BYTE, source, tag, comm, MPI_STATUS_IGNORE));
}

}  // namespace

Assembly::Assembly(const Communicator& world) : messages_(world.duplicate()), arrivals_(world.duplicate()) {}

Assembly::~Assembly() = default;

void Assembly::ask() {
    if (asked_ || called_) {
        return;
    }
    asked_ = true;
    if (!messages_.is_root()) {
        send(messages_.raw(), 0, kRequest);
    }
}

void Assembly::call_all() {
    for (int r = 1; r < messages_.size(); ++r) {
        send(messages_.raw(), r, kCall);
    }
    called_ = true;
}

bool Assembly::called() {
    if (called_) {
        return true;
    }
    if (!messages_.is_root()) {
        if (is_waiting(messages_.raw(), 0, kCall)) {
            receive(messages_.raw(), 0, kCall);
            called_ = true;
        }
    } else if (asked_ || is_waiting(messages_.raw(), MPI_ANY_SOURCE, kRequest)) {
        call_all();
    }
    return called_;
}

/// Whether the root called a meeting. Requests that crossed with the call are answered by it; where there was none they
/// die here, so that none is left behind.
bool Assembly::settle() {
    const bool sent = asked_ && !messages_.is_root();
    std::array<std::int64_t, 2> counts{sent ? 1 : 0, messages_.is_root() && called_ ? 1 : 0};
    messages_.sum_in_place(counts);
    if (messages_.is_root()) {
        for (std::int64_t k = 0; k < counts[0]; ++k) {
            receive(messages_.raw(), MPI_ANY_SOURCE, kRequest);
        }
    } else if (counts[1] > 0 && !called_) {
        receive(messages_.raw(), 0, kCall);
    }
    asked_ = false;
    called_ = false;
    return counts[1] > 0;
}

void Assembly::meet(const std::function<void()>& business) {
    settle();
    business();
}

void Assembly::gate(const std::function<void()>& business) {
    MPI_Request arrival = MPI_REQUEST_NULL;
    std::optional<CountedCall> waiting(std::in_place, "MPI_Ibarrier", 0);
    check(MPI_Ibarrier(arrivals_.raw(), &arrival));
    for (;;) {
        int all = 0;
        check(MPI_Test(&arrival, &all, MPI_STATUS_IGNORE));
        if (all != 0) {
            break;
        }
        if (called()) {
            waiting.reset();  // a meeting is no waiting
            meet(business);
            waiting.emplace("MPI_Ibarrier", 0);
        }
        std::this_thread::sleep_for(kNap);
    }
    waiting.reset();
    while (settle()) {  // a call that the last ones to arrive have not seen yet
        business();
    }
}

}  // namespace lazynet::mpi
