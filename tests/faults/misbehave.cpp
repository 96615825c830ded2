// misbehave <how>: a job whose first rank works as it should while the last one does what it was told.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace {

using lazynet::mpi::Communicator;

/// Deeper than any stack.
int depth(int n) {
    std::array<char, 4096> room{};
    std::snprintf(room.data(), room.size(), "%d", n);
    return n < 0 ? 0 : depth(n + 1) + room[0];
}

[[noreturn]] void loop_for_ever() {
    std::atomic<unsigned> turns = 0;
    for (;;) {
        ++turns;
    }
}

void exhaust_memory() {
    const rlimit room{std::size_t{1} << 32, std::size_t{1} << 32};
    setrlimit(RLIMIT_AS, &room);
    for (std::vector<std::vector<char>> all;;) {
        all.emplace_back().reserve(std::size_t{1} << 28);
    }
}

const std::map<std::string, std::function<void()>> kWays = {
    {"throw", [] { throw std::runtime_error("a promise was broken"); }},
    {"throw-int", [] { throw 7; }},
    {"user-error", [] { throw lazynet::UserError("screen.h5ad: no such file on this rank"); }},
    {"memory", exhaust_memory},
    {"thread-throws", [] { std::thread([] { throw std::runtime_error("thrown in a thread"); }).join(); }},
    {"noexcept", []() noexcept { std::string().at(1); }},
    {"segfault", [] { std::raise(SIGSEGV); }},
    {"null", [] { *static_cast<volatile int*>(nullptr) = 1; }},
    {"stack", [] { std::printf("%d\n", depth(0)); }},
    {"bus", [] { std::raise(SIGBUS); }},
    {"divide", [] { std::raise(SIGFPE); }},
    {"abort", [] { std::abort(); }},
    {"exit", [] { _exit(3); }},
    {"kill", [] { std::raise(SIGKILL); }},
    {"stop", [] { std::raise(SIGSTOP); }},
    {"loop", loop_for_ever},
    {"sleep", [] { std::this_thread::sleep_for(std::chrono::hours(1)); }},
};

/// Ranks of one communicator in different calls: nobody ever gets out.
void mismatch(const Communicator& world, bool odd) {
    const Communicator one = world.duplicate();
    const Communicator other = world.duplicate();
    if (odd) {
        one.barrier();
    } else {
        static_cast<void>(other.max(std::int64_t{1}));
    }
}

int run(int argc, char** argv) {
    const Communicator world = Communicator::world();
    const std::string how = argc > 1 ? argv[1] : "";
    const bool odd = world.rank() == world.size() - 1;
    lazynet::mpi::now_in_phase("working");
    lazynet::mpi::made_progress("step 1/2");
    world.barrier();
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // so that all hearts have beaten
    if (how == "mismatch") {
        mismatch(world, odd);
    } else if (how == "all-throw") {
        throw std::runtime_error("all ranks throw alike");
    } else if (how == "return") {
        if (odd) {
            return 0;
        }
    } else if (how == "together") {
        world.together([&] {
            if (odd) {
                throw lazynet::UserError("one rank's file is damaged");
            }
        });
    } else if (odd && how != "nothing") {
        kWays.at(how)();
    }
    world.barrier();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, run);
}
