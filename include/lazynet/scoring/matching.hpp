#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lazynet/data/screen.hpp"
#include "lazynet/data/split.hpp"

namespace lazynet::scoring {

/// What a predictions file says of its conditions besides their labels; per condition of its screen.
struct PredictedLabels {
    std::vector<std::string> fold;    ///< empty: no such column
    std::vector<std::string> ground;  ///< what the prediction leans on; empty: no such column
};

/// A condition of the truth that is judged.
struct JudgedCondition {
    Index truth = 0;       ///< condition of the truth's screen
    Index prediction = 0;  ///< condition of the predictions' screen
    Index fold = 0;        ///< index into Matching::folds
    std::string stratum;   ///< what training knows of it, see HeldOut::stratum
    std::string ground;    ///< as the predictions file has it; "": it does not say
};

/// What one fold trains on and judges.
struct JudgedFold {
    std::string name;
    std::vector<Index> training;  ///< conditions of the truth's screen, controls left out, ascending
};

/// Predictions and truth brought together by name. Pure: the same on every rank.
struct Matching {
    std::vector<Index> truth_genes;       ///< genes that both have, in the order of the truth
    std::vector<Index> prediction_genes;  ///< the same genes in the predictions
    std::vector<JudgedCondition> judged;  ///< ascending in `truth`; several folds may judge one condition
    std::vector<JudgedFold> folds;
    std::vector<Index> prediction_context;  ///< per context of the truth: of the predictions; -1: none
    std::vector<std::string> notes;         ///< what was left out, for people
};

/// Which conditions are judged: those that `split` holds out, else those predicted, by the predictions' folds where
/// they say so. Conditions that the predictions themselves call trained on count as training.
/// A prediction of no particular fold counts for all of them.
/// @throws UserError, naming both files, when they have no genes or no conditions in common
Matching match(const Screen& truth, const Screen& predictions, const PredictedLabels& labels,
               const std::optional<Split>& split);

}  // namespace lazynet::scoring
