#include "lazynet/data/gene_graph.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace lazynet {

GraphEmbedding graph_embedding(const EdgeList& graph, const SpectralOptions& options, const std::string& source) {
    // Nodes are numbered by name: the file's order would decide the order of additions.
    std::vector<std::int32_t> order(graph.names.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
        return graph.names[static_cast<std::size_t>(a)] < graph.names[static_cast<std::size_t>(b)];
    });
    GraphEmbedding result;
    std::vector<std::int32_t> place(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        place[static_cast<std::size_t>(order[k])] = static_cast<std::int32_t>(k);
        result.embedding.names.push_back(graph.names[static_cast<std::size_t>(order[k])]);
    }
    std::vector<WeightedEdge> edges;
    edges.reserve(graph.edges.size());
    for (const EdgeList::Edge& e : graph.edges) {
        edges.push_back(
            {place[static_cast<std::size_t>(e.regulator)], place[static_cast<std::size_t>(e.target)], e.weight});
    }
    SpectralVectors vectors = spectral_vectors(static_cast<Index>(order.size()), edges, options);
    result.embedding.source = source;
    result.embedding.values = std::move(vectors.vectors);
    result.eigenvalues = std::move(vectors.eigenvalues);
    result.components = vectors.components;
    for (const Index node : vectors.isolated) {
        result.isolated.push_back(result.embedding.names[static_cast<std::size_t>(node)]);
    }
    return result;
}

}  // namespace lazynet
