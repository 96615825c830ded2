#pragma once

#include <algorithm>
#include <vector>

#include "lazynet/eval/profiles.hpp"
#include "lazynet/kernels/ranks.hpp"
#include "statistics.hpp"

namespace lazynet::eval {

/// What one context's measures share.
struct ContextGenes {
    VectorD control;
    VectorD predicted_control;
    VectorD mean;
    VectorD log_control;                 ///< log2(control + 0.1)
    VectorD log_predicted_control;       ///< the same of the prediction's own controls
    std::vector<std::int32_t> highest;   ///< the 1000 genes of highest control mean (const-ae)
    std::vector<std::int32_t> variable;  ///< GEARS's 200 most variable genes; empty without `spread`
};

/// What the measures of one row are made from.
///
/// Filled anew for every row; t = truth, y = prediction, c = true control, c' = the prediction's own, mu = mean.
struct ProfileRow {
    const ContextGenes* context = nullptr;
    VectorD truth;
    VectorD predicted;
    VectorD true_change;          ///< t - c
    VectorD predicted_change;     ///< y - c
    VectorD own_change;           ///< y - c'
    VectorD true_from_mean;       ///< t - mu
    VectorD predicted_from_mean;  ///< y - mu
    VectorD true_log_fold;        ///< log2(t + 0.1) - log2(c + 0.1)
    VectorD predicted_log_fold;   ///< log2(y + 0.1) - log2(c' + 0.1)
    VectorD true_change_ranks;
    VectorD predicted_change_ranks;
    VectorD training_mean;
    Genes own;  ///< genes that are perturbed themselves
    // From differential expression; empty without it.
    std::vector<std::int32_t> by_score;  ///< the 200 genes of largest |Welch t|, descending, ties by index
    std::vector<std::int32_t>
        by_score_non_dropout;               ///< the first 20 of all genes but those lost in the perturbed cells
    std::vector<std::int32_t> significant;  ///< CellSimBench's differential genes
    VectorD weights;                        ///< CellSimBench's weights, sum 1 (or all 0)

    /// The `count` first differential genes as GEARS takes them.
    [[nodiscard]] Genes top(std::size_t count) const { return Genes(by_score).first(std::min(count, by_score.size())); }
};

/// Fills rows.
class ProfileRows {
public:
    ProfileRows(const TrueProfiles& truth, const DifferentialTable* differential, const PredictedProfiles& predicted);
    /// The row, valid until the next call.
    const ProfileRow& operator[](Index row);

private:
    void fill_changes(Index row);
    void fill_ranks();
    void fill_top(Index row);
    void fill_weights(Index row);
    const TrueProfiles& truth_;
    const DifferentialTable* differential_;
    const PredictedProfiles& predicted_;
    std::vector<ContextGenes> contexts_;
    ProfileRow row_;
    Vector scratch_;
    Ranker rank_;
};

}  // namespace lazynet::eval
