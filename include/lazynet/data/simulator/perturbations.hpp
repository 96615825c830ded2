#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/data/simulator/kinetics.hpp"
#include "lazynet/data/simulator/network.hpp"

namespace lazynet::simulator {

enum class Modality { knockout, crispri, crispra };

struct GuideOptions {
    Modality modality = Modality::crispri;
    double efficiency = 0.85;  ///< CRISPRi: mean share of production that is lost
    double fold = 6.0;         ///< CRISPRa: mean fold of production, before the cap at a gene's largest production
};

/// One or more genes perturbed together, ascending.
struct Perturbation {
    std::vector<std::int32_t> genes;
    bool held_out = false;  ///< its truth is written, but no cell carries it
};

struct PerturbationCounts {
    Index singles = 40;
    Index doubles = 0;
    Index triples = 0;
    Index held_out = 0;          ///< singles of genes that no cell's perturbation touches
    Index held_out_doubles = 0;  ///< new pairs of genes that are perturbed singly
};

/// What a guide does to its gene's production. A guide is as good alone as in a combination: the number depends on
/// seed and gene only. Knock-out: 0; CRISPRi: 1 - efficiency, the efficiency logit-normal around its mean;
/// CRISPRa: a log-normal fold.
Intervention intervention(const GuideOptions& guides, std::uint64_t seed, std::int32_t gene);

/// Chooses what is perturbed: nine in ten targets regulate something, the rest are any genes; none is nearly silent.
///
/// Order: singles, doubles, triples, held-out singles, held-out doubles; combinations are of the singles' genes, no
/// two alike. @param expression wild-type expression per gene, any scale
/// @throws UserError if there are not enough genes or combinations
std::vector<Perturbation> plan_perturbations(const Network& network, std::span<const double> expression,
                                             const PerturbationCounts& counts, std::uint64_t seed);

/// The label of a set of genes: their names joined by '+', "control" for none.
std::string perturbation_label(std::span<const std::int32_t> genes, Index all_genes);

}  // namespace lazynet::simulator
