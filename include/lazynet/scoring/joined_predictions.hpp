#pragma once

#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::scoring {

/// Puts the predictions of several folds (files of `lazynet predict`: the same genes, a column `fold`) one below the
/// other into one file: X, layers/sd, obs. Rows are named "fold|row". Collective; ranks share the rows and stream.
/// @param options how they were made, as JSON  @throws AgreedError naming the file
void join_predictions(const mpi::Communicator& world, const std::vector<std::string>& paths, const std::string& output,
                      const std::string& options);

}  // namespace lazynet::scoring
