#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/predict/forward.hpp"
#include "lazynet/predict/run_models.hpp"

namespace lazynet::predict {

/// In a word, how far a prediction can be trusted; see trust_rule().
enum class Trust { high, fair, low };
constexpr Trust kTrusts[] = {Trust::high, Trust::fair, Trust::low};
std::string_view name_of(Trust trust);

/// Share of the change against control that a prediction is expected to explain when its sd is true: with s the root
/// mean square of the predicted change and e that of the sd, s^2 / (s^2 + e^2). NaN when the sd is 0 everywhere.
double expected_r2(double squared_change, double squared_sd);

/// @param calibrated the sds are (see RunModels::calibration)
Trust trust_of(Ground ground, double expected_r2, bool calibrated);
/// The rule in words, for files and people.
std::string_view trust_rule();

/// One perturbation to predict, and in which contexts.
struct Asked {
    Perturbation perturbation;
    std::vector<Index> contexts;  ///< rows of ModelFacts::control, ascending
};

/// A gene that changes.
struct GeneChange {
    Index gene = 0;
    double change = 0.0;
    double sd = 0.0;
};

/// A prediction in figures; over all genes but the perturbed ones.
struct Outcome {
    double mean_change = 0.0;  ///< mean |change|
    double mean_sd = 0.0;
    double expected_r2 = 0.0;
    Trust trust = Trust::low;
    std::vector<GeneChange> strongest;  ///< largest |change| first
};

struct PredictionOutput {
    std::string path;           ///< predictions.h5ad; "": only the figures
    std::string options;        ///< resolved options as JSON: what decides the result
    std::string fold;           ///< of a split; "": none
    bool interactions = false;  ///< also layers/interaction and layers/interaction_sd
    Index strongest = 0;        ///< genes listed per perturbation
};

/// Told, on every rank, after each of its batches: how many of its perturbations are done, of how many.
using Progress = std::function<void(Index done, Index all)>;

/// Predicts and writes: h5ad, one row per control mean and per (perturbation, context); X (mean), layers/sd.
/// Collective. Ranks share the list in contiguous stretches and stream: nobody holds more than the models and a batch.
/// Nothing in the file depends on the number of ranks or on time.
/// @returns per perturbation, on every rank
std::vector<Outcome> write_predictions(const mpi::Communicator& world, const RunModels& models,
                                       const std::vector<Asked>& asked, const PredictionOutput& output,
                                       const Progress& progress);

/// Rows of the file: control means and predictions.
Index rows_of(const std::vector<Asked>& asked);
/// Bytes of the file's values.
double bytes_of(const RunModels& models, const std::vector<Asked>& asked, bool interactions);
/// Bytes that a rank holds at once: models, and the rows of a batch.
double working_bytes(const RunModels& models, const std::vector<Asked>& asked);

}  // namespace lazynet::predict
