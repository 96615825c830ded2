#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/predict/interactions.hpp"
#include "lazynet/predict/predictions.hpp"
#include "predict_task.hpp"

namespace lazynet::cli {

/// Says what the lists held that cannot be predicted, or only as the mean perturbation.
void warn_about(const Log& log, const predict::RunModels& models, const PredictTask& task);

/// What will be predicted, before it is.
void print_task(const Log& log, const predict::RunModels& models, const PredictTask& task);

/// How predictions came out, by ground.
void print_outcomes(const Log& log, const PredictTask& task, const std::vector<predict::Outcome>& outcomes);

/// The strongest changes of every perturbation as TSV with a header: perturbation, gene, change, sd, z.
std::string changes_tsv(const predict::RunModels& models, const PredictTask& task,
                        const std::vector<predict::Outcome>& outcomes);

/// The most certain interactions as TSV with a header.
std::string interactions_tsv(const predict::RunModels& models, const PredictTask& task,
                             const std::vector<predict::Interaction>& found);
void print_interactions(const Log& log, const PredictTask& task, const std::vector<predict::Interaction>& found);

nlohmann::ordered_json to_json(const predict::RunModels& models, const PredictTask& task,
                               const std::vector<predict::Outcome>& outcomes,
                               const std::vector<predict::Interaction>& found);

}  // namespace lazynet::cli
