#include "lazynet/mpi/ordered_sum.hpp"

#include <algorithm>

#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {
namespace {

constexpr int kTag = 71;

/// Longest message, values.
constexpr std::size_t kPiece = std::size_t{1} << 26;

void send(const Communicator& world, std::span<const double> values, int to) {
    for (std::size_t at = 0; at < values.size(); at += kPiece) {
        const auto n = static_cast<int>(std::min(kPiece, values.size() - at));
        const CountedCall counted("MPI_Send", std::int64_t{n} * std::int64_t{sizeof(double)});
        check(MPI_Send(values.data() + at, n, MPI_DOUBLE, to, kTag, world.raw()));
    }
}

void receive(const Communicator& world, std::span<double> values, int from) {
    for (std::size_t at = 0; at < values.size(); at += kPiece) {
        const auto n = static_cast<int>(std::min(kPiece, values.size() - at));
        const CountedCall counted("MPI_Recv", 0);
        check(MPI_Recv(values.data() + at, n, MPI_DOUBLE, from, kTag, world.raw(), MPI_STATUS_IGNORE));
    }
}

}  // namespace

void ordered_sum(const Communicator& world, std::span<double> values, const std::function<void()>& add_mine) {
    if (world.rank() > 0) {
        receive(world, values, world.rank() - 1);
    }
    add_mine();
    if (world.rank() + 1 < world.size()) {
        send(world, values, world.rank() + 1);
    }
    world.broadcast(std::as_writable_bytes(values), world.size() - 1);
}

}  // namespace lazynet::mpi
