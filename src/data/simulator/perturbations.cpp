#include "lazynet/data/simulator/perturbations.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"

namespace lazynet::simulator {
namespace {

constexpr double kRegulatingTargets = 0.9;
constexpr double kSilentShare = 0.25;  // the least expressed quarter is not worth a guide
constexpr double kGuideSpread = 0.5;   // standard deviation of an efficiency's logit, and of a log fold

using Genes = std::vector<std::int32_t>;

/// `wanted` genes in random order, nine in ten of them regulators as far as there are any.
Genes draw_targets(const Network& network, std::span<const double> expression, Index wanted, std::uint64_t seed) {
    std::vector<double> sorted(expression.begin(), expression.end());
    const auto cut = sorted.begin() + static_cast<std::ptrdiff_t>(kSilentShare * static_cast<double>(sorted.size()));
    std::nth_element(sorted.begin(), cut, sorted.end());
    std::vector<std::int64_t> shuffled(expression.size());
    std::iota(shuffled.begin(), shuffled.end(), 0);
    Random(seed, "targets").shuffle(shuffled);
    Genes regulating;
    Genes others;
    for (const std::int64_t gene : shuffled) {
        if (expression[static_cast<std::size_t>(gene)] >= *cut) {
            (network.role[static_cast<std::size_t>(gene)] >= 0 ? regulating : others)
                .push_back(static_cast<std::int32_t>(gene));
        }
    }
    const auto total = static_cast<std::size_t>(wanted);
    if (regulating.size() + others.size() < total) {
        throw UserError(std::to_string(wanted) + " perturbed genes were asked for, but only " +
                        std::to_string(regulating.size() + others.size()) +
                        " genes are expressed well enough; lower --perturbations or --held-out, or raise --genes");
    }
    auto first = static_cast<std::size_t>(std::ceil(kRegulatingTargets * static_cast<double>(wanted)));
    first = std::min(std::max(first, total - std::min(total, others.size())), regulating.size());
    Genes targets(regulating.begin(), regulating.begin() + static_cast<std::ptrdiff_t>(first));
    targets.insert(targets.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(total - first));
    std::vector<std::int64_t> places(total);
    std::iota(places.begin(), places.end(), 0);
    Random(seed, "order of targets").shuffle(places);
    Genes mixed(total);
    for (std::size_t i = 0; i < total; ++i) {
        mixed[i] = targets[static_cast<std::size_t>(places[i])];
    }
    return mixed;
}

double combinations(Index n, Index k) {
    double count = 1.0;
    for (Index i = 0; i < k; ++i) {
        count *= static_cast<double>(n - i) / static_cast<double>(i + 1);
    }
    return count;
}

/// Adds `wanted` sets of `size` of the given genes that are not among `taken` yet.
void add_combinations(const Genes& from, Index size, Index wanted, bool held_out, std::uint64_t seed,
                      std::set<Genes>& taken, std::vector<Perturbation>& out) {
    const auto same_size = std::count_if(taken.begin(), taken.end(),
                                         [&](const Genes& genes) { return static_cast<Index>(genes.size()) == size; });
    const auto n = static_cast<Index>(from.size());
    // Drawing until something new comes up is quick only while most is new.
    if (wanted > 0 && static_cast<double>(wanted + same_size) > 0.9 * combinations(n, size)) {
        throw UserError(std::to_string(wanted + same_size) + " combinations of " + std::to_string(size) +
                        " genes were asked for, but " + std::to_string(n) +
                        " perturbed genes have too few; raise --perturbations");
    }
    const Random random(seed, "combinations", {size, held_out ? 1 : 0});
    for (std::uint64_t counter = 0; wanted > 0;) {
        Genes genes;
        for (Index i = 0; i < size; ++i) {
            genes.push_back(from[static_cast<std::size_t>(random.below(counter++, n))]);
        }
        std::sort(genes.begin(), genes.end());
        if (std::adjacent_find(genes.begin(), genes.end()) == genes.end() && taken.insert(genes).second) {
            out.push_back({genes, held_out});
            --wanted;
        }
    }
}

}  // namespace

Intervention intervention(const GuideOptions& guides, std::uint64_t seed, std::int32_t gene) {
    const double spread = kGuideSpread * Random(seed, "guides", {gene}).normal(0);
    switch (guides.modality) {
        case Modality::knockout:
            return {gene, 0.0};
        case Modality::crispri: {
            const double odds = guides.efficiency / (1.0 - guides.efficiency) * std::exp(spread);
            return {gene, guides.efficiency < 1.0 ? 1.0 / (1.0 + odds) : 0.0};
        }
        case Modality::crispra:
            return {gene, guides.fold * std::exp(spread)};
    }
    throw InternalError("unknown modality");
}

std::vector<Perturbation> plan_perturbations(const Network& network, std::span<const double> expression,
                                             const PerturbationCounts& counts, std::uint64_t seed) {
    const Genes targets = draw_targets(network, expression, counts.singles + counts.held_out, seed);
    const Genes seen(targets.begin(), targets.begin() + counts.singles);
    std::vector<Perturbation> plan;
    std::set<Genes> taken;
    for (const std::int32_t gene : seen) {
        plan.push_back({{gene}, false});
    }
    add_combinations(seen, 2, counts.doubles, false, seed, taken, plan);
    add_combinations(seen, 3, counts.triples, false, seed, taken, plan);
    for (auto gene = targets.begin() + counts.singles; gene != targets.end(); ++gene) {
        plan.push_back({{*gene}, true});
    }
    add_combinations(seen, 2, counts.held_out_doubles, true, seed, taken, plan);
    return plan;
}

std::string perturbation_label(std::span<const std::int32_t> genes, Index all_genes) {
    std::string label;
    for (const std::int32_t gene : genes) {
        if (!label.empty()) {
            label += '+';
        }
        label += gene_name(gene, all_genes);
    }
    return label.empty() ? "control" : label;
}

}  // namespace lazynet::simulator
