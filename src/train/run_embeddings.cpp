#include "lazynet/train/run_embeddings.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "lazynet/data/gene_families.hpp"
#include "lazynet/train/embedding_sources.hpp"
#include "lazynet/train/screen_embedding.hpp"

namespace lazynet::train {
namespace {

/// Perturbed genes that an embedding does not know and that are named.
constexpr std::size_t kAbsentNames = 5;

std::vector<Index> all_conditions(const Screen& screen) {
    std::vector<Index> conditions(screen.conditions.size());
    std::iota(conditions.begin(), conditions.end(), Index{0});
    return conditions;
}

std::vector<std::string> perturbed_names(const Screen& screen) {
    std::set<std::string> names;
    for (const Condition& condition : screen.conditions) {
        for (const Index j : condition.targets) {
            names.insert(screen.regulator(j));
        }
    }
    return {names.begin(), names.end()};
}

/// Genes that families are looked for among: the screen's, and those that another embedding knows.
std::set<std::string> all_names(const Screen& screen, const std::vector<GeneEmbedding>& sources) {
    std::set<std::string> names(screen.genes.begin(), screen.genes.end());
    names.insert(screen.unmeasured.begin(), screen.unmeasured.end());
    for (const GeneEmbedding& source : sources) {
        names.insert(source.names.begin(), source.names.end());
    }
    return names;
}

}  // namespace

std::vector<GeneEmbedding> run_embeddings(const mpi::Communicator& world, const EmbeddingConfig& config,
                                          std::uint64_t seed, const io::ScreenFile& file, const Pseudobulk& table,
                                          Log& log) {
    const Screen& screen = file.screen;
    std::vector<GeneEmbedding> sources;
    SpectralOptions spectral;
    spectral.dimensions = config.dimensions;
    for (const std::string& graph : config.graphs) {
        sources.push_back(load_graph_embedding(world, graph, spectral, log));
    }
    for (const std::string& path : config.files) {
        sources.push_back(load_file_embedding(world, path, log));
    }
    ScreenEmbeddingOptions options;
    options.dimensions = std::min(options.dimensions, config.dimensions);
    options.seed = seed;
    for (const std::string& source : config.screen) {
        sources.push_back(source == "controls"
                              ? control_embedding(world, *file.reader, screen, file.normalization, options)
                              : response_embedding(world, screen, table, all_conditions(screen), options));
    }
    const std::vector<std::string> perturbed = perturbed_names(screen);
    if (config.families != Families::off) {
        sources.push_back(gene_families(all_names(screen, sources), perturbed, config.dimensions));
    }
    std::erase_if(sources, [](const GeneEmbedding& source) { return source.dimensions() == 0; });
    for (const GeneEmbedding& source : sources) {
        log.info(report(coverage(source, perturbed, screen.genes), kAbsentNames));
    }
    return sources;
}

}  // namespace lazynet::train
