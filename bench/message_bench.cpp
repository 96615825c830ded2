// mpirun -n N message_bench
// What a message costs: seconds of Communicator::exchange (everybody with everybody) and of sum_in_place by size, and
// from them latency and bandwidth, best of several. For the projections of scaling_table.py.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

using namespace lazynet;

constexpr int kRepeats = 20;

/// Least seconds of the slowest rank.
template <typename Call>
double least_seconds(const mpi::Communicator& world, const Call& call) {
    double least = std::numeric_limits<double>::infinity();
    for (int k = 0; k < kRepeats; ++k) {
        world.barrier();
        const auto start = std::chrono::steady_clock::now();
        call();
        least =
            std::min(least, world.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
    }
    return least;
}

int run(int /*argc*/, char** /*argv*/) {
    const auto world = mpi::Communicator::world();
    const auto ranks = static_cast<std::size_t>(world.size());
    double small = 0.0;
    double large = 0.0;
    for (const std::size_t bytes : {std::size_t{8}, std::size_t{4096}, std::size_t{1} << 20, std::size_t{1} << 25}) {
        const std::vector<std::vector<std::byte>> to(ranks, std::vector<std::byte>(bytes));
        const double exchange = least_seconds(world, [&] { (void)world.exchange(to); });
        std::vector<std::int64_t> values(std::max<std::size_t>(bytes / sizeof(std::int64_t), 1), 1);
        const double sum = least_seconds(world, [&] { world.sum_in_place(values); });
        if (world.is_root()) {
            fmt::print("{:>10} bytes per pair: exchange {:10.1f} us, sum {:10.1f} us\n", bytes, 1e6 * exchange,
                       1e6 * sum);
        }
        small = bytes == 8 ? exchange : small;
        large = static_cast<double>(bytes * (ranks - 1)) / exchange;
    }
    if (world.is_root()) {
        fmt::print("latency_s={:.3e} bandwidth_bytes_per_s={:.3e}\n", small / std::max(1.0, double(ranks) - 1), large);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return mpi::guarded_main(argc, argv, run);
}
