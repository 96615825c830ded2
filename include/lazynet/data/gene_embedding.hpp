#pragma once

#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Coordinates of genes in a space where neighbours are expected to act alike: what carries information to genes that
/// were never perturbed (design 3.1).
struct GeneEmbedding {
    std::string source;              ///< for people: "graph go.tsv", "file emb.csv", "control cells", "responses"
    std::vector<std::string> names;  ///< genes, sorted, each once
    Matrix values;                   ///< (names, dimensions), dimensions in descending order of importance
    [[nodiscard]] Index dimensions() const { return values.cols(); }
};

/// Genes and their vectors in any order as an embedding. @pre names differ
GeneEmbedding sorted_embedding(std::string source, std::span<const std::string> names, const Matrix& values);

/// The row of every gene: exactly by name, then without case where that is unambiguous. -1: the embedding does not know
/// the gene, or knows nothing of it (all zeros).
std::vector<Index> embedding_rows(const GeneEmbedding& embedding, std::span<const std::string> genes);

/// The vectors of `genes`, (genes, dimensions); 0 for those the embedding does not know.
Matrix embedding_of(const GeneEmbedding& embedding, std::span<const std::string> genes);

/// Embeddings side by side as one. It knows every gene that one of them knows; the coordinates of a source that does
/// not know a gene are 0. Each source is cut to its first `dimensions` (0: not cut) and scaled so that the mean squared
/// length of its vectors over those `genes` that it knows (the perturbed ones; over all if it knows none) is 1: a
/// ridge penalty then trusts all sources alike, whatever their units and dimensions.
/// Names that differ in case only are one gene where that is unambiguous: the spelling of `genes` counts, then that of
/// the first source.
GeneEmbedding join_embeddings(std::span<const GeneEmbedding> sources, std::span<const std::string> genes,
                              Index dimensions);

/// How much of a screen an embedding reaches.
struct EmbeddingCoverage {
    std::string source;
    Index dimensions = 0;
    Index perturbed = 0;
    Index perturbed_known = 0;
    Index measured = 0;
    Index measured_known = 0;
    std::vector<std::string> absent;  ///< perturbed genes that the embedding does not know, in their order
};

EmbeddingCoverage coverage(const GeneEmbedding& embedding, std::span<const std::string> perturbed,
                           std::span<const std::string> measured);

/// "graph go.csv: 400 dimensions, knows 252 of 300 perturbed genes and 1,700 of 8,000 measured ones; not FOO, BAR and
/// 46 more". @param most names at most; 0: none
std::string report(const EmbeddingCoverage& coverage, std::size_t most = 10);

}  // namespace lazynet
