#pragma once

#include <cstdint>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Which half of its condition each cell of the file falls into: 0 or 1, -1 for cells without a condition. The cells of
/// a condition are shuffled by (seed, cell number) and cut in the middle; an odd one more goes to half 1. Not
/// collective.
std::vector<std::int8_t> halves_of_cells(const Screen& screen, std::uint64_t seed);

/// Means of log expression over two random halves of a condition's cells: technical duplicates, one of which predicts
/// the other as well as any method could that knows the truth as well as this screen does (the noise ceiling).
struct Halves {
    Matrix first;   ///< (rows, genes); a row is NaN where that half has no cells
    Matrix second;  ///< (rows, genes)
    std::vector<Index> first_cells;
    std::vector<Index> second_cells;
    [[nodiscard]] bool empty() const { return first.size() == 0; }
};

/// Reads the cells once. Collective; the same bits for any number of ranks. Empty where rows are conditions: without
/// cells there are no duplicates, and the report has to say so.
/// @param rows conditions of this rank, controls allowed
/// @throws AgreedError as route_cells (train/cell_routing.hpp)
Halves half_means(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                  Normalization normalization, const std::vector<Index>& rows, std::uint64_t seed, Log& log);

}  // namespace lazynet::scoring
