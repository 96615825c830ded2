#pragma once

#include <span>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// Some genes' columns of a table that is spread over the ranks by gene.
///
/// Collective over `world`. Each rank may ask for other genes, in any order, also repeatedly or none. The values go in
/// rounds of at most 32 MB sent and received per rank (one row of the table, if that is more).
/// @param mine rows x genes of this rank, block_of(genes, ranks, rank); as many rows on every rank
/// @param genes of the whole table
/// @param wanted gene numbers
/// @return rows x wanted.size()
Matrix fetch_columns(const mpi::Communicator& world, const Matrix& mine, Index genes, std::span<const Index> wanted);

}  // namespace lazynet::train
