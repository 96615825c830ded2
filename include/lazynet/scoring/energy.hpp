#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// How far the cells X of each condition lie from the control cells Y of its context, over all genes of log expression:
/// E = 2 mean d(x, y) - mean d(x, x') - mean d(y, y'), pairs of a cell with itself included.
struct EnergyDistances {
    VectorD plain;    ///< per row: d is the Euclidean distance, as in cell-eval's edistance
    VectorD squared;  ///< per row: d is its square, as in scPerturb and pertpy; equals 2 |mean X - mean Y|^2
};

/// Collective; the same bits for any number of ranks. All cells are held once per node (train/cell_table.hpp), and
/// every cell is compared with every control of its context: 2 x cells x controls x genes operations, shared by all
/// ranks. Only files with cells have such distances; for predicted means there is nothing to call this with.
/// @param rows conditions of this rank; NaN for those without cells or controls
/// @throws AgreedError as load_cells (train/cell_table.hpp)
EnergyDistances energy_distances(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                 Normalization normalization, const std::vector<Index>& rows, Log& log);

/// cell-eval's pearson_edistance: Pearson's correlation over all ranks' rows of real and predicted distances (each from
/// its own file, to its own controls). Rows where either is NaN are left out; NaN for fewer than two, or without
/// spread. Collective.
double pearson_edistance(const mpi::Communicator& world, const VectorD& real, const VectorD& predicted);

}  // namespace lazynet::scoring
