#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/io/model_file.hpp"

namespace lazynet::predict {

/// What was asked for: genes perturbed together.
struct Request {
    std::vector<std::string> genes;           ///< sorted, each once
    [[nodiscard]] std::string label() const;  ///< genes joined by '+'
};

/// How much a prediction can lean on: where its sd was calibrated, and what the report warns about.
enum class Ground {
    trained,      ///< this very perturbation was trained on
    combination,  ///< a combination whose members were all trained on
    partly,       ///< a combination of which some member was never trained on
    embedded,     ///< a gene never trained on, but an embedding knows it
    unknown       ///< nothing is known of the gene: it acts like the mean perturbation
};

}  // namespace lazynet::predict
