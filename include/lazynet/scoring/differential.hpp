#pragma once

#include <cstddef>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/eval/profiles.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Packed cells that a rank may hold while it looks at some of its genes.
inline constexpr std::size_t kDifferentialMemory = std::size_t{1} << 30;

/// Differential expression of every condition that is not a control against the controls of its context, gene by gene:
/// Mann-Whitney (as scipy's asymptotic one with continuity and tie correction, which pdex uses) and Welch's t; and t
/// against the context's other perturbed cells. Definitions: eval/gene_tests.hpp. Rows of controls are NaN.
///
/// Collective. Each rank works on genes of its own, and rows then travel to the rank that holds them. The cells are
/// read once if the rank's share of them, packed, fits `memory`, otherwise as often as needed (said at verbose level).
/// The same bits for any number of ranks and passes. Empty where rows are conditions or values are not expression.
/// @param rows conditions of this rank (indices into screen.conditions): contiguous stretches in rank order
/// @throws AgreedError as route_cells (train/cell_routing.hpp)
eval::DifferentialTable differential_expression(const mpi::Communicator& world, io::MatrixReader& reader,
                                                const Screen& screen, Normalization normalization,
                                                const std::vector<Index>& rows, Log& log,
                                                std::size_t memory = kDifferentialMemory);

}  // namespace lazynet::scoring
