#pragma once

#include "lazynet/eval/profiles.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Fills `mean` (over each context's perturbations) and `spread` (standard deviation over the means of each context's
/// conditions, the control among them; divided by their number) of `truth`, whose other fields are there.
///
/// Collective. Ranks hold contiguous rows in rank order; sums run in row order, so that the number of ranks does not
/// matter. A context without perturbations gets its control as mean.
void fill_condition_statistics(const mpi::Communicator& world, eval::TrueProfiles& truth);

}  // namespace lazynet::scoring
