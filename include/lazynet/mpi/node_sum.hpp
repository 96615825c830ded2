#pragma once

#include <cstdint>
#include <span>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// Fewest values of a sum that is worth setting the shared memory up (some milliseconds), and fewest ranks of a node:
/// two exchange messages as fast. See bench/sum_bench.cpp.
constexpr std::size_t kNodeSumValues = std::size_t{1} << 22;
constexpr int kNodeSumRanks = 3;

/// Sums in place like Communicator::sum_in_place, but ranks of a node add up in memory that they share, and only one
/// of them talks to the other nodes. Faster by the copies that messages need.
///
/// Collective. @param node of the world's ranks those that share this one's memory @returns false, with nothing done,
/// on all ranks where no node has kNodeSumRanks of them or a node lacks the memory
bool node_sum(const Communicator& world, const Communicator& node, std::span<std::int64_t> values);

}  // namespace lazynet::mpi
