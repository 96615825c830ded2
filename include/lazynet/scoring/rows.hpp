#pragma once

#include <cstdint>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Which rows every rank holds. Collective.
std::vector<std::vector<std::int64_t>> rows_of_all_ranks(const mpi::Communicator& world,
                                                         const std::vector<Index>& mine);

/// Whole rows of a table that is spread over the ranks by gene.
///
/// Collective. The values go in rounds of at most 32 MB sent per rank.
/// @param mine all rows x genes of this rank, block_of(genes, ranks, rank)
/// @param wanted rows that this rank wants
/// @return wanted.size() x genes
Matrix fetch_rows(const mpi::Communicator& world, const Matrix& mine, Index genes, const std::vector<Index>& wanted);

/// The same for a table spread in other stretches. @param stretches genes by rank: contiguous, in rank order
Matrix fetch_rows(const mpi::Communicator& world, const Matrix& mine, const std::vector<Range>& stretches,
                  const std::vector<Index>& wanted);

}  // namespace lazynet::scoring
