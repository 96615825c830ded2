#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// What one replica of a block contributes to predictions and consensus: all of its model but the rows of C that
/// belong to other ranks' chunks.
struct ReplicaFactors {
    Matrix inputs;              ///< (columns, hidden): A' scaled by mean slopes and 1 / input scale
    Matrix hidden;              ///< (pairs, width): hidden units of every pair
    Matrix c;                   ///< (rows, width): rows of C, for `rows` below
    std::vector<bool> support;  ///< per column: some training pair of this replica moves it
};

/// All replicas of one block, for the chunk genes of this rank that lie in the block.
struct BlockEnsemble {
    Index block = 0;
    Range rows;  ///< target genes
    std::vector<ReplicaFactors> replicas;
};

/// Brings together the replicas of every block that this rank's chunks touch: the factors travel, never a Jacobian.
/// Collective. `mine[k]` is shard plan.shards_of(rank).begin + k with the hidden units of all pairs.
struct ShardOutput {
    const TrainedShard* trained = nullptr;
    Matrix hidden;
};
std::vector<BlockEnsemble> gather_ensembles(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                                            const std::vector<ShardOutput>& mine);

/// Consensus rows of one chunk over replicas: statistics of J - I, rows = target genes, columns = Pairs::regulators.
///
/// Only replicas that support a regulator count for its column. `sd` is the Welford standard deviation over those
/// replicas (n - 1), moderated: with five replicas a raw one is itself so uncertain that |mean| / sd ranks luck, so the
/// variance is shrunk towards the chunk's (row mean x column mean / grand mean) with the weight of kPriorReplicas
/// (an empirical prior as in Smyth 2004). 0 with fewer than two replicas.
struct ConsensusChunk {
    Matrix mean, sd, sign, selected;  ///< (rows, columns); 0 where unsupported
};

/// Pseudo-replicas that the prior variance counts for.
constexpr double kPriorReplicas = 4.0;

/// Adds up the replicas in replica order; `rows` are target genes of the ensemble. Not collective.
void consensus_rows(const BlockEnsemble& ensemble, Range rows, ConsensusChunk& out);

/// Replicas of the block that support each column.
std::vector<std::int32_t> supporting_replicas(const BlockEnsemble& ensemble);

}  // namespace lazynet::train
