#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/data/screen.hpp"

namespace lazynet::train {

/// What embeddings add to the inputs of perturbation pairs: coordinates of the perturbed genes, added up. They tie the
/// effects of genes that lie close together, and reach genes that were never perturbed (design 3.1: A + U E').
struct PairEmbedding {
    struct Source {
        std::string name;
        Range dimensions;
    };
    std::vector<Source> sources;     ///< the first is the mean effect: one dimension, 1 for every gene
    std::vector<std::string> names;  ///< genes with coordinates, sorted
    Matrix values;                   ///< (names, K); each source has mean squared length 1 over the perturbed genes
    Matrix regulators;               ///< (regulator axis, K): the same by regulator; (1, 0 ...) for unknown genes
    double direction = 1.0;          ///< of most shifts: -1 where perturbations lower their targets
    MatrixD features;                ///< (pairs, K + 1): coordinates added up; last: members beyond the first, signed
    [[nodiscard]] Index dimensions() const { return regulators.cols(); }
    /// Coordinates of a gene that no source knows.
    [[nodiscard]] std::vector<double> unknown() const;
};

/// @param conditions of the pairs, indices into screen.conditions  @param shifts per regulator; only their signs count
PairEmbedding embed_pairs(const Screen& screen, const std::vector<Index>& conditions, const std::vector<double>& shifts,
                          const std::vector<GeneEmbedding>& sources);

}  // namespace lazynet::train
