#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// Means and variances of log-normalised expression, spread over the ranks by gene.
struct Pseudobulk {
    Range genes;            ///< of this rank: block_of(genes of the screen, ranks, rank)
    Matrix mean;            ///< conditions x genes.size()
    Matrix variance;        ///< conditions x genes.size(), over cells with n - 1; 0 for fewer than two cells
    Index cells = 0;        ///< all cells that belong to a condition
    VectorD gene_mean;      ///< genes.size(), over all those cells
    VectorD gene_variance;  ///< genes.size(), over all those cells, n - 1
};

/// Reads the expression matrix once and averages it per condition.
///
/// Collective over `world`. Each rank reads its own slice of cells, block_of(cells, ranks, rank), from its own reader;
/// entries travel, packed, to the rank that owns their genes. Exact fixed-point sums (kernels/moments.hpp): the same
/// bits for any number of ranks and any cutting of the file.
///
/// Memory per rank, besides the result: packed cells waiting to be added, 2 bytes per count or 5 per log value of this
/// rank's genes, at most max(128 MB, 16 bytes x conditions x own genes); when they do not fit, 128 MB of them and a
/// table of 16 bytes x conditions x own genes. On the way about 50 MB (one round of messages, one batch of cells;
/// 256 MB more for layouts that must be scanned).
///
/// @throws AgreedError naming file, cell, gene and value when one is not finite, negative, not a whole number (counts)
///         or above 20 (log1p)
Pseudobulk pseudobulk(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                      Normalization normalization, Log& log);

/// most_variable (data/variable_genes.hpp) of a pseudobulk's genes. Collective over `world`; the same on every rank.
/// Measured genes that are perturbed in some condition are always among the result.
std::vector<Index> highly_variable(const mpi::Communicator& world, const Pseudobulk& bulk, const Screen& screen,
                                   Index n);

}  // namespace lazynet::train
