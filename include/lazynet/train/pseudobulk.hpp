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
    Range genes;               ///< of this rank: block_of(genes of the screen, ranks, rank)
    std::vector<Index> cells;  ///< per condition
    Matrix mean;               ///< conditions x genes.size()
    Matrix variance;           ///< conditions x genes.size(), over cells with n - 1; 0 for fewer than two cells
};

/// Reads the expression matrix once and averages it per condition.
///
/// Collective over `world`. Each rank reads its own slice of cells, block_of(cells, ranks, rank), from its own reader;
/// entries travel, packed, to the rank that owns their genes. Exact fixed-point sums (kernels/moments.hpp): the same
/// bits for any number of ranks and any cutting of the file.
///
/// Where rows are conditions their values are the means, as they are, and `variance` is what the screen says of their
/// noise (0: not known); the rest of this comment is about cells.
///
/// Memory per rank, besides the result. With T = 16 bytes x conditions x own genes: the packed cells (2 bytes per
/// count, 5 per log value of own genes) if they take less than T, otherwise T and a buffer of at most 128 MB. On the
/// way about 30 MB more (one round of messages and one batch of cells; 256 MB for layouts that have to be scanned).
///
/// @throws AgreedError naming file, cell, gene and value when one is not finite, negative, not a whole number (counts),
///         above 20 (log1p) or above 100 in size (none, which may be negative)
Pseudobulk pseudobulk(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                      Normalization normalization, Log& log);

/// Cells of every condition, counted. Not collective.
std::vector<Index> cells_per_condition(const Screen& screen);

/// Mean and variance of each gene over all cells that belong to a condition.
struct GeneMoments {
    VectorD mean;      ///< bulk.genes.size()
    VectorD variance;  ///< bulk.genes.size(), n - 1
};

/// From the means and variances of the conditions, added in their order. Not collective: genes of this rank.
GeneMoments gene_moments(const Pseudobulk& bulk);

/// most_variable (data/variable_genes.hpp) of a pseudobulk's genes. Collective over `world`; the same on every rank.
/// Measured genes that are perturbed in some condition are always among the result.
std::vector<Index> highly_variable(const mpi::Communicator& world, const Pseudobulk& bulk, const Screen& screen,
                                   Index n);

/// Bytes that a rank keeps free for packed cells: room for all of them if they take less than the table of sums, which
/// is never needed then. Not collective. @param genes of this rank
std::size_t packed_room(const io::MatrixReader& reader, Normalization normalization, Index conditions, Index genes,
                        int ranks);

}  // namespace lazynet::train
