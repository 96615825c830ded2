#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet::eval {

/// Means of log expression of some conditions (rows) over all genes, as one rank holds them: what the truth is known
/// by. Notation of the definitions: t = truth, c = control mean of the row's context, mu = mean over perturbations.
struct TrueProfiles {
    std::vector<std::string> names;              ///< per row: "context|perturbation", or the perturbation alone
    std::vector<Index> context;                  ///< per row: row of `control`
    std::vector<std::vector<std::int32_t>> own;  ///< per row: measured genes that it perturbs, ascending
    std::vector<Index> cells;                    ///< per row
    Matrix truth;                                ///< (rows, genes)
    Matrix control;                              ///< (contexts, genes); the same on every rank
    Matrix mean;                                 ///< (contexts, genes): mean over the truth's perturbations, mu
    /// (contexts, genes): standard deviation over the means of the truth's conditions, the control included. Empty:
    /// measures of GEARS's most variable genes are left out.
    Matrix spread;
    /// (rows, genes): standard error of `truth`, its cells' standard deviation / sqrt(cells). Empty: not known.
    Matrix error;
    /// What "the training mean" is: row `training_of[row]` of `training_mean`, one per fold and context. Empty: `mean`.
    Matrix training_mean;
    std::vector<Index> training_of;
};

/// What is known of every (row, gene) from cells: differential expression. Empty where there are no cells (screens of
/// centroids): measures that need it are then left out, and the report says so.
struct DifferentialTable {
    Matrix log_fold;      ///< (rows, genes): log2 fold change as pdex has it
    Matrix rank_p;        ///< Mann-Whitney p against the context's controls
    Matrix rank_q;        ///< Benjamini-Hochberg over a row of rank_p
    Matrix score;         ///< Welch t against the context's controls
    Matrix score_q;       ///< Benjamini-Hochberg over a row of its p-values
    Matrix score_rest;    ///< t against the context's other perturbed cells (scanpy's t-test_overestim_var)
    Matrix score_rest_q;  ///< Benjamini-Hochberg over a row of its p-values
    [[nodiscard]] bool empty() const { return rank_p.size() == 0; }
};

/// What a method predicts for the same rows.
struct PredictedProfiles {
    std::string method;  ///< "lazynet", "additive" ...
    Matrix mean;         ///< (rows, genes)
    Matrix control;      ///< (contexts, genes): the prediction's own controls; the true ones where it has none
    Matrix sd;           ///< (rows, genes); empty: none given
};

/// A measure of how good a prediction is.
struct Measure {
    std::string name;  ///< says whose definition it is: "gears_pearson_delta", "celleval_discrimination_l1" ...
    bool higher_is_better = false;
    double perfect = 0.0;    ///< its value for a prediction that equals the truth
    std::string definition;  ///< one line
};

/// Values of some measures for some rows. NaN: not defined for this row.
struct MeasureTable {
    std::vector<Measure> measures;
    MatrixD values;  ///< (rows, measures)
};

}  // namespace lazynet::eval
