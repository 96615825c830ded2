#pragma once

#include "lazynet/data/screen.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::train {

/// --hvg: leaves the most variable genes, and the perturbed ones, in the screen and in its table, whose columns are
/// spread over the ranks anew. Collective.
void select_variable_genes(const mpi::Communicator& world, const TrainConfig& config, Screen& screen,
                           Pseudobulk& table);

}  // namespace lazynet::train
