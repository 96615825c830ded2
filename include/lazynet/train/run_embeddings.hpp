#pragma once

#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::train {

/// The embeddings that a run asks for, read or made, and a word on each: which of the perturbed genes it knows. `file`
/// and `table` are of the training part. Collective; the same on every rank.
std::vector<GeneEmbedding> run_embeddings(const mpi::Communicator& world, const EmbeddingConfig& config,
                                          std::uint64_t seed, const io::ScreenFile& file, const Pseudobulk& table,
                                          Log& log);

}  // namespace lazynet::train
