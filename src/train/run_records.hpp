#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/prune_rounds.hpp"
#include "lazynet/train/pseudobulk.hpp"
#include "lazynet/train/response_prior.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

// What the phases of a run leave behind for the next ones, as checkpoint records: small pieces of fixed meaning, so
// that any number of ranks reads what it needs of them.

// What a checkpoint holds, all of it or nothing; otherwise what `make` makes, which is then saved. Collective, like
// `make`.
Pseudobulk saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints, Index genes,
                         const std::function<Pseudobulk()>& make);
std::vector<GeneEmbedding> saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints,
                                         const std::function<std::vector<GeneEmbedding>()>& make);
ResponsePrior saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints,
                            const std::function<ResponsePrior()>& make);

/// @pre checkpoints.has(key)
TrainedShard saved_shard(const Checkpoints& checkpoints, const std::string& key);

/// Rounds of pruning of a training that is done: nothing unless all its shards are there too.
/// Not collective; the same on every rank.
std::optional<std::vector<RoundRecord>> saved_rounds(const Checkpoints& checkpoints, const Plan& plan);
/// For every rank to call. @param rounds must live until the next save
void save_rounds(Checkpoints& checkpoints, const mpi::Communicator& world, const std::vector<RoundRecord>& rounds);

}  // namespace lazynet::train
