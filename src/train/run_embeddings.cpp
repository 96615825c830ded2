#include "lazynet/train/run_embeddings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lazynet/data/gene_families.hpp"

namespace lazynet::train {
namespace {

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

void report(const GeneEmbedding& source, const std::vector<std::string>& perturbed, Log& log) {
    const auto known = std::count_if(perturbed.begin(), perturbed.end(), [&](const std::string& gene) {
        const auto at = std::lower_bound(source.names.begin(), source.names.end(), gene);
        return at != source.names.end() && *at == gene &&
               source.values.row(at - source.names.begin()).squaredNorm() > 0;
    });
    log.info(fmt::format("embedding by {}: {} dimensions, knows {} of {} perturbed genes", source.source,
                         source.dimensions(), known, perturbed.size()));
}

}  // namespace

std::vector<GeneEmbedding> run_embeddings(const mpi::Communicator& world, const EmbeddingConfig& config,
                                             const Screen& screen, Log& log) {
    (void)world;
    std::vector<GeneEmbedding> sources;
    const std::vector<std::string> perturbed = perturbed_names(screen);
    if (config.families != Families::off) {
        sources.push_back(gene_families(all_names(screen, sources), perturbed, config.dimensions));
    }
    for (const GeneEmbedding& source : sources) {
        report(source, perturbed, log);
    }
    std::erase_if(sources, [](const GeneEmbedding& source) { return source.dimensions() == 0; });
    return sources;
}

}  // namespace lazynet::train
