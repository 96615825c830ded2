#pragma once

#include <cstdint>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/eval/cell_spread.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// How a few genes' values lie in the real cells of each condition. Reads the cells once; those values travel to the
/// rank that holds the condition. Collective; the same bits for any number of ranks.
///
/// Memory: 4 bytes per cell of this rank's rows and wanted gene, and everybody's wishes.
/// @param rows conditions of this rank, each held by one rank only
/// @param genes per row: those wanted, any order, each once
/// @returns per row and wanted gene; rows without cells get none, all rows where rows are conditions
/// @throws AgreedError as route_cells (train/cell_routing.hpp)
std::vector<std::vector<eval::GeneSpread>> cell_spreads(const mpi::Communicator& world, io::MatrixReader& reader,
                                                        const Screen& screen, Normalization normalization,
                                                        const std::vector<Index>& rows,
                                                        const std::vector<std::vector<std::int32_t>>& genes, Log& log);

}  // namespace lazynet::scoring
