#pragma once

#include <vector>

#include "lazynet/eval/profiles.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Measures that compare every prediction with the truths of all other perturbations, or the reverse: cell-eval's
/// discrimination scores (l1, l2, cosine), PerturBench's ranks, CellSimBench's NIR. Collective: `truth` and
/// `predicted` hold each rank's rows; rows of other ranks pass by in fixed blocks, so nobody holds them all and the
/// result does not depend on the number of ranks. Conditions are compared within their context.
/// Rows with values that are not finite are compared with nothing, and have NaN.
/// @returns values of this rank's rows
eval::MeasureTable pairwise_measures(const mpi::Communicator& world, const eval::TrueProfiles& truth,
                                     const eval::PredictedProfiles& predicted);

/// What pairwise_measures gives, in its order.
std::vector<eval::Measure> pairwise_measure_list();

}  // namespace lazynet::scoring
