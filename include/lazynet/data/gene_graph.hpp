#pragma once

#include <string>
#include <vector>

#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/data/prior.hpp"
#include "lazynet/graph/spectral.hpp"

namespace lazynet {

/// A gene graph as an embedding.
struct GraphEmbedding {
    GeneEmbedding embedding;            ///< every gene of the graph; 0 for those without neighbours
    VectorD eigenvalues;                ///< per dimension
    std::vector<std::string> isolated;  ///< genes without an edge to another gene, sorted
    Index components = 0;               ///< connected parts of the others
};

/// Spectral vectors (graph/spectral.hpp) of the genes of an edge list, whose directions and signs do not count. The
/// result does not depend on the order of the edges.
GraphEmbedding graph_embedding(const EdgeList& graph, const SpectralOptions& options, const std::string& source);

}  // namespace lazynet
