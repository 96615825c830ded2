#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/scoring/change_table.hpp"

namespace lazynet::scoring {

/// Means of a screen's conditions for this rank's genes.
struct MeansTable {
    Matrix mean;               ///< (conditions, genes.mine)
    Matrix variance;           ///< (conditions, genes.mine), over cells; 0 where there are fewer than two
    std::vector<Index> cells;  ///< per condition; 0: not in this part of the screen
};

/// Averages a part of a screen's cells, in the rows of the whole screen. Collective.
/// @param part what is left of `screen` after conditions or cells were taken out  @param columns gene of the screen per
/// gene of `genes`
MeansTable means_of(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& part, const Screen& screen,
                    Normalization normalization, const GeneChunks& genes, const std::vector<Index>& columns, Log& log);

/// What baselines learn from: changes from control of the conditions of a table, in its rows (controls: no change).
ChangeTable changes_of(const MeansTable& table, const Screen& screen, const GeneChunks& genes,
                       const std::vector<Index>& columns);

}  // namespace lazynet::scoring
