#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"

namespace lazynet::train {

/// The embeddings that a run asks for, read or made, and a word on each: how many of the perturbed genes it knows.
/// Collective; the same on every rank.
std::vector<GeneEmbedding> run_embeddings(const mpi::Communicator& world, const EmbeddingConfig& config,
                                             const Screen& screen, Log& log);

}  // namespace lazynet::train
