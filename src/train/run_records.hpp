#pragma once

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
// that any number of ranks reads what it needs of them. `saved_...` finds nothing unless all of it is there; it is the
// same answer on every rank, and not collective. `save_...` is for every rank to call; the references must live until
// the next save.

std::optional<Pseudobulk> saved_table(const Checkpoints& checkpoints, Range mine, Index genes);
void save_table(Checkpoints& checkpoints, const mpi::Communicator& world, const Pseudobulk& table);

std::optional<std::vector<GeneEmbedding>> saved_embeddings(const Checkpoints& checkpoints);
void save_embeddings(Checkpoints& checkpoints, const mpi::Communicator& world,
                     const std::vector<GeneEmbedding>& embeddings);

std::optional<ResponsePrior> saved_prior(const Checkpoints& checkpoints);
void save_prior(Checkpoints& checkpoints, const mpi::Communicator& world, const ResponsePrior& prior);

/// @pre checkpoints.has(key)
TrainedShard saved_shard(const Checkpoints& checkpoints, const std::string& key);

/// Rounds of pruning of a training that is done: nothing unless all its shards are there too.
std::optional<std::vector<RoundRecord>> saved_rounds(const Checkpoints& checkpoints, const Plan& plan);
void save_rounds(Checkpoints& checkpoints, const mpi::Communicator& world, const std::vector<RoundRecord>& rounds);

}  // namespace lazynet::train
