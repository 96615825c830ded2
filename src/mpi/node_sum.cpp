#include "lazynet/mpi/node_sum.hpp"

#include <algorithm>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/shared_array.hpp"
#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {
namespace {

/// Values of one rank that are added at a time: pieces that stay in the caches, longer ones where they travel between
/// nodes; less where very many ranks share the window.
constexpr Index kWindow = Index{1} << 24;
constexpr Index kOnNode = Index{1} << 17;
constexpr Index kBetweenNodes = Index{1} << 19;
constexpr Index kShortest = Index{1} << 14;

/// One piece of every rank of a node, side by side, in memory that they share.
class Board {
public:
    Board(const Communicator& world, const Communicator& node, Index piece)
        : node_(node),
          leaders_(world.split(node.is_root() ? 0 : 1)),
          nodes_(world.sum(node.is_root() ? 1 : 0)),
          slots_(node, 2 * piece * node.size()),
          piece_(piece) {}

    void sum(std::span<std::int64_t> values) {
        std::copy(values.begin(), values.end(), slot(node_.rank()));
        slots_.publish(node_);
        add_up(block_of(static_cast<Index>(values.size()), node_.size(), node_.rank()));
        slots_.publish(node_);
        if (nodes_ > 1) {
            if (node_.is_root()) {
                between_nodes(values.size());
            }
            slots_.publish(node_);
        }
        std::copy(slot(0), slot(0) + values.size(), values.begin());
        turn_ = 1 - turn_;  // others may still read this half; they have left it when the next one is published
    }

private:
    std::int64_t* slot(Index rank) { return slots_.values().data() + (turn_ * node_.size() + rank) * piece_; }

    /// This rank's stretch of the piece, over all ranks of the node. Unsigned: sums may wrap around.
    void add_up(Range part) {
        auto* sum = reinterpret_cast<std::uint64_t*>(slot(0));
        for (Index r = 1; r < node_.size(); ++r) {
            const auto* other = reinterpret_cast<const std::uint64_t*>(slot(r));
            for (Index i = part.begin; i < part.end; ++i) {
                sum[i] += other[i];
            }
        }
    }

    void between_nodes(std::size_t values) {
        const CountedCall counted("MPI_Allreduce", static_cast<std::int64_t>(values * sizeof(std::int64_t)));
        check(MPI_Allreduce(MPI_IN_PLACE, slot(0), static_cast<int>(values), MPI_INT64_T, MPI_SUM, leaders_.raw()));
    }

    const Communicator& node_;
    Communicator leaders_;
    std::int64_t nodes_;
    SharedArray<std::int64_t> slots_;  // two halves, used in turn
    Index piece_;
    Index turn_ = 0;
};

}  // namespace

bool node_sum(const Communicator& world, const Communicator& node, std::span<std::int64_t> values) {
    const std::int64_t largest = world.max(std::int64_t{node.size()});
    const Index longest = largest == world.size() ? kOnNode : kBetweenNodes;
    const Index piece = std::clamp(kWindow / largest, kShortest, longest);
    const std::size_t bytes = static_cast<std::size_t>(2 * piece * node.size()) * sizeof(std::int64_t);
    if (largest < kNodeSumRanks || world.min(std::int64_t{has_shared_memory(bytes)}) == 0) {
        return false;
    }
    Board board(world, node, piece);
    for (std::size_t at = 0; at < values.size(); at += static_cast<std::size_t>(piece)) {
        board.sum(values.subspan(at, std::min(static_cast<std::size_t>(piece), values.size() - at)));
    }
    return true;
}

}  // namespace lazynet::mpi
