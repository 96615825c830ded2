// Sums of long integer arrays over the ranks of a node, beside one plain copy of the same bytes.
//
//     mpirun -n 2 sum_bench [values, 64 million]
//
// The copy is every rank's own, all at once. "messages" is MPI_Allreduce in pieces of 1 MB, "sum_in_place" what the
// program does.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

using namespace lazynet;

/// Seconds of the slowest rank; the best of five.
template <typename Work>
double seconds(const mpi::Communicator& world, const Work& work) {
    double best = 1e30;
    for (int i = 0; i < 5; ++i) {
        world.barrier();
        const auto start = std::chrono::steady_clock::now();
        work();
        best =
            std::min(best, world.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
    }
    return best;
}

void sum_by_messages(const mpi::Communicator& world, std::span<std::int64_t> values) {
    constexpr std::size_t kPiece = std::size_t{1} << 17;
    for (std::size_t at = 0; at < values.size(); at += kPiece) {
        world.sum_in_place(values.subspan(at, std::min(kPiece, values.size() - at)));
    }
}

int bench(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    const std::size_t most = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 64'000'000;
    for (std::size_t n = std::size_t{1} << 18; n <= most; n *= 4) {
        std::vector<std::int64_t> values(n, 1);
        std::vector<std::int64_t> copy(n, 0);
        const double bytes = 8e-9 * static_cast<double>(n);
        const double copying = seconds(world, [&] { std::copy(values.begin(), values.end(), copy.begin()); });
        const double messages = seconds(world, [&] { sum_by_messages(world, copy); });
        const double summing = seconds(world, [&] { world.sum_in_place(values); });
        if (values != copy) {
            throw InternalError("the two sums differ");
        }
        if (world.is_root()) {
            fmt::print(
                "{:>8.1f} MB on {} ranks: copy {:>6.2f} GB/s; messages {:>6.2f} GB/s, {:>3.0f} % of it; sum_in_place "
                "{:>6.2f} GB/s, {:>3.0f} % of it\n",
                1e3 * bytes, world.size(), bytes / copying, bytes / messages, 100.0 * copying / messages,
                bytes / summing, 100.0 * copying / summing);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return mpi::guarded_main(argc, argv, bench);
}
