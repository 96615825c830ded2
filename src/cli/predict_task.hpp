#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/predict/interactions.hpp"
#include "lazynet/predict/predictions.hpp"
#include "lazynet/predict/requests.hpp"

namespace lazynet::cli {

/// What `predict` was asked to do, as typed.
struct PredictOptions {
    std::vector<std::string> input;
    std::string perturbations;
    std::vector<std::string> combinations;
    bool all_genes = false;
    std::string split;
    std::string fold;
    std::string contexts;
    double knockdown = 0.0;
    double activation = 0.0;
    Index top = 0;
    std::string changes;
    std::string interactions;
    Index interactions_top = 10000;
};

/// The same, resolved: what to predict.
struct PredictTask {
    predict::RequestList list;                  ///< what the labels said
    std::vector<predict::Asked> asked;          ///< what is predicted gene by gene
    std::vector<predict::PerturbedGene> genes;  ///< whose interactions are asked for
    std::optional<predict::PairList> pairs;     ///< of these
    std::string fold;                           ///< of a split, whose test conditions are predicted; "": none
    std::string split_hash;                     ///< "": the user's own, which training completes
    Index left_out = 0;                         ///< test conditions of contexts that the run does not have
};

/// @throws UserError when options do not go together
void validate(const PredictOptions& options, const std::string& output, const std::string& json);

/// Reads lists where they are (the root reads them, "-" is its standard input) and looks every name up. Collective.
PredictTask make_task(const mpi::Communicator& world, const predict::RunModels& models, const PredictOptions& options,
                      bool writes_rows);

}  // namespace lazynet::cli
