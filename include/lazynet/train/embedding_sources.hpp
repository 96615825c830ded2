#pragma once

#include <string>

#include "lazynet/core/log.hpp"
#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/graph/spectral.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// The root's embedding, on every rank. Collective.
GeneEmbedding share(const mpi::Communicator& world, GeneEmbedding embedding);

/// A gene graph's file as an embedding (io/gene_graph.hpp, data/gene_graph.hpp): the root reads and solves, all get the
/// result. Collective. @throws AgreedError with what is wrong with the file
GeneEmbedding load_graph_embedding(const mpi::Communicator& world, const std::string& path,
                                   const SpectralOptions& options, Log& log);

/// A file of gene vectors (io/embedding_file.hpp), read by the root for all. Collective. @throws AgreedError
GeneEmbedding load_file_embedding(const mpi::Communicator& world, const std::string& path, Log& log);

}  // namespace lazynet::train
