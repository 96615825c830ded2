#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/gene_embedding.hpp"

namespace lazynet::io {

/// How much the sd of predictions counts that lean on `ground` (predict::Ground): calibrated variance of gene i =
/// ensemble * sd^2 + residual * residual_sd_i^2.
struct CalibrationRow {
    std::string ground;
    double ensemble = 1.0;
    double residual = 0.0;
};

/// What a finished run on a screen says around its models: names, what their inputs mean, where they start from.
struct ModelFacts {
    std::string path;
    std::string screen;                   ///< its name
    std::string fingerprint;              ///< of its values
    std::string options;                  ///< resolved options, JSON
    bool is_signed = false;               ///< values may be negative (differences, scores): nothing is cut at 0
    std::string split_hash;               ///< of the split whose fold was kept from training; "": none
    std::string split_fold;               ///< that fold
    std::vector<std::string> genes;       ///< measured
    std::vector<std::string> unmeasured;  ///< perturbed, not measured: the rest of the regulator axis
    std::vector<std::string> contexts;
    Matrix control;                    ///< (contexts, genes): control means
    Matrix context_effect;             ///< (contexts, genes): what perturbations of a context have in common; or empty
    std::vector<std::string> trained;  ///< perturbations of the screen, sorted, each once

    std::vector<std::int64_t> inputs;  ///< regulator of every input that is not an embedding's
    Index state_inputs = 0;            ///< leading inputs that are a cell's own state
    std::vector<float> scale;          ///< per input: model input = log-expression shift / scale
    std::vector<double> shift;         ///< per regulator
    double mean_shift = 0.0;
    Index hidden_sums = 0;
    float u_max = 0.0f;

    GeneEmbedding embedding;      ///< without rows when the run has none
    Vector embedding_default;     ///< of genes that it does not know
    std::vector<float> residual;  ///< per gene: residual sd; empty when the run is not calibrated
    std::vector<CalibrationRow> calibration;

    [[nodiscard]] Index regulators() const { return static_cast<Index>(genes.size() + unmeasured.size()); }
};

/// Reads run.h5ad of `lazynet train`, or what anndata wrote of one. Not collective.
/// @throws UserError naming file and element: missing, shapes that do not fit
ModelFacts read_model_facts(const std::string& path);

}  // namespace lazynet::io
