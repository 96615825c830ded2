#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/eval/profiles.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Differential expression of every condition that is not a control against the controls of its context, gene by gene:
/// Mann-Whitney (as scipy's asymptotic one with continuity and tie correction, which pdex uses) and Welch's t.
///
/// Collective. Reads the cells in as many passes as memory asks for; each rank works on genes of its own, and rows
/// then travel to the rank that holds them. @param rows conditions of this rank (indices into screen.conditions):
/// contiguous stretches in rank order
eval::DifferentialTable differential_expression(const mpi::Communicator& world, io::MatrixReader& reader,
                                                const Screen& screen, Normalization normalization,
                                                const std::vector<Index>& rows, Log& log);

}  // namespace lazynet::scoring
