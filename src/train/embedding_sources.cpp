#include "lazynet/train/embedding_sources.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "lazynet/data/gene_graph.hpp"
#include "lazynet/io/embedding_file.hpp"
#include "lazynet/io/gene_graph.hpp"

namespace lazynet::train {
namespace {

/// Names of isolated genes that are told.
constexpr std::size_t kExamples = 5;

void tell(const GraphEmbedding& graph, Log& log) {
    const GeneEmbedding& embedding = graph.embedding;
    std::string text =
        fmt::format("{}: {} genes in {} connected parts, {} dimensions, eigenvalues {:.3f} to {:.3f}", embedding.source,
                    embedding.names.size() - graph.isolated.size(), graph.components, embedding.dimensions(),
                    graph.eigenvalues.size() > 0 ? graph.eigenvalues[0] : 0.0,
                    graph.eigenvalues.size() > 0 ? graph.eigenvalues[graph.eigenvalues.size() - 1] : 0.0);
    if (!graph.isolated.empty()) {
        const auto shown = std::span(graph.isolated).first(std::min(kExamples, graph.isolated.size()));
        text += fmt::format("; {} without neighbours, like {}", graph.isolated.size(), fmt::join(shown, ", "));
    }
    log.detail(text);
}

}  // namespace

GeneEmbedding share(const mpi::Communicator& world, GeneEmbedding embedding) {
    std::string names;
    for (const std::string& name : embedding.names) {
        names += name + '\n';
    }
    names = world.broadcast(std::move(names));
    embedding.source = world.broadcast(std::move(embedding.source));
    std::array<Index, 2> shape{embedding.values.rows(), embedding.values.cols()};
    world.broadcast(std::as_writable_bytes(std::span(shape)));
    embedding.values.resize(shape[0], shape[1]);
    world.broadcast(
        std::as_writable_bytes(std::span(embedding.values.data(), static_cast<std::size_t>(embedding.values.size()))));
    embedding.names.clear();
    for (std::size_t at = 0; at < names.size();) {
        const std::size_t end = names.find('\n', at);
        embedding.names.push_back(names.substr(at, end - at));
        at = end + 1;
    }
    return embedding;
}

GeneEmbedding load_graph_embedding(const mpi::Communicator& world, const std::string& path,
                                   const SpectralOptions& options, Log& log) {
    GraphEmbedding graph;
    world.on_root([&] {
        const std::string source = "graph " + std::filesystem::path(path).filename().string();
        graph = graph_embedding(io::read_gene_graph(path), options, source);
    });
    tell(graph, log);
    return share(world, std::move(graph.embedding));
}

GeneEmbedding load_file_embedding(const mpi::Communicator& world, const std::string& path, Log& log) {
    GeneEmbedding embedding;
    world.on_root([&] { embedding = io::read_gene_embedding(path); });
    log.detail(
        fmt::format("{}: {} genes, {} dimensions", embedding.source, embedding.names.size(), embedding.dimensions()));
    return share(world, std::move(embedding));
}

}  // namespace lazynet::train
