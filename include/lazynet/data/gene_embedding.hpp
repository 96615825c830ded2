#pragma once

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

}  // namespace lazynet
