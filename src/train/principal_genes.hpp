#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// A table of rows x genes that is spread over the ranks by chunks of kChunkGenes genes, which no number of ranks
/// changes.
struct ChunkedGenes {
    Index rows = 0;
    Range genes;                 ///< of this rank: whole chunks
    std::vector<Matrix> chunks;  ///< rows x genes of each
};

/// The genes of this rank's chunks: block_of the chunks.
Range genes_of_chunks(const mpi::Communicator& world, Index genes);

/// Cuts the columns of `genes` into chunks.
ChunkedGenes cut_into_chunks(const Matrix& columns, Range genes);

/// Principal components: with X = U S V' (not centred here), the rows of V S / sqrt(rows), so that products of two
/// genes' vectors are their mean product over the rows. Components whose variance is below 1e-6 of the first one's are
/// left out.
///
/// Collective; the same bits on every rank and for any number of ranks: the rows x rows Gram matrix is made of the
/// chunks' products in fixed point, in panels of 16 MB, and the root finds its eigenvectors.
/// @pre |values| below 64, fewer than 2^17 genes
/// @return all genes x at most `dimensions`
Matrix principal_genes(const mpi::Communicator& world, const ChunkedGenes& table, Index dimensions);

}  // namespace lazynet::train
