#pragma once

#include <cstddef>
#include <vector>

#include "lazynet/io/results.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// Statistics over replicas that run.h5ad holds per pair of genes, in varp (measured regulators) and varm
/// ("..._unmeasured").
constexpr const char* kStatistics[] = {"consensus_mean", "consensus_sd", "consensus_sign", "consensus_selected"};

/// Regulators kept per target with --store top:K.
Index kept_per_target(const RunFacts& facts);

/// Writes the consensus of this rank's chunks of target genes into a file that is open for data, and keeps the most
/// certain edges. Collective with checkpoints only: chunks that a checkpoint holds as written are not made again.
/// @param begun the file is the one that the checkpoint speaks of
/// @param capacity edges kept; 0: all
/// @return edges of the rank, in their order
std::vector<io::Edge> write_consensus(const mpi::Communicator& world, const RunFacts& facts,
                                      const std::vector<BlockEnsemble>& ensembles, bool begun, std::size_t capacity,
                                      Checkpoints& checkpoints, io::ResultsFile& file);

}  // namespace lazynet::train
