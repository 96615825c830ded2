#pragma once

#include <functional>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/eval/smoothers.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Which genes of a table a rank holds: contiguous chunks of train::kChunkGenes genes, cut at places that do not depend
/// on the number of ranks.
struct GeneChunks {
    GeneChunks(Index genes, const mpi::Communicator& world);
    Index all = 0;  ///< genes of the whole table
    std::vector<Range> of_rank;
    Range mine;                 ///< of this rank
    std::vector<Range> chunks;  ///< of this rank, counted from mine.begin
};

/// What baselines learn from: changes from the context's control, spread over the ranks by gene.
struct ChangeTable {
    std::vector<eval::Perturbed> conditions;  ///< per row of `change`
    Matrix change;                            ///< (conditions, genes.mine)
    Matrix control;                           ///< (contexts, genes.mine): control means
    Index regulators = 0;                     ///< of the axis that conditions name genes on
    std::vector<Index> gene_of;               ///< per regulator: its gene of the whole table; -1: not among them
};

/// Adds a matrix that every chunk of genes contributes to, in the order of chunks: the same bits on every rank and for
/// any number of ranks. Collective. All parts of a rank are made before the first is added: for small matrices.
MatrixD sum_over_chunks(const mpi::Communicator& world, const GeneChunks& genes, Index rows, Index cols,
                        const std::function<MatrixD(Range chunk)>& part);

/// Inner products over all genes of some rows of the table. Collective; the same on every rank.
MatrixD inner_products(const mpi::Communicator& world, const GeneChunks& genes, const ChangeTable& table,
                       const std::vector<Index>& rows);

}  // namespace lazynet::scoring
