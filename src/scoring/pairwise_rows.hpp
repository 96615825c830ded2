#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::scoring {

/// Controls of one context, as both sides see them.
struct ContextControls {
    VectorD control;            ///< c, the truth's
    VectorD predicted_control;  ///< c', the prediction's own
    VectorD log_control;        ///< log2(c + 0.1)
    VectorD log_predicted_control;
    VectorD shift;            ///< c' - c
    double shift_length = 0;  ///< its norm; 0 when the prediction has the true controls
};

std::vector<ContextControls> controls_of(const eval::TrueProfiles& truth, const eval::PredictedProfiles& predicted);

/// Some rows, made ready to be compared with others.
struct PairwiseRows {
    ConstMatrixView means{nullptr, 0, 0};  ///< (rows, genes), as they are
    std::vector<Index> context;            ///< per row
    Matrix change;                         ///< (rows, genes), float32: mean - control of their own side
    Matrix log_fold;                       ///< (rows, genes), float32: log2(mean + 0.1) - log2(control + 0.1)
    VectorD sum;                           ///< of `change`
    VectorD absolute;                      ///< sum of |change|
    VectorD length;                        ///< norm of `change`
    VectorD log_length;                    ///< norm of `log_fold`
    VectorD along_shift;                   ///< of truths: `change` times the context's `shift`

    [[nodiscard]] Index rows() const { return change.rows(); }
    [[nodiscard]] const float* mean_of(Index row) const { return means.data() + row * means.cols(); }
    [[nodiscard]] const float* change_of(Index row) const { return change.data() + row * change.cols(); }
    [[nodiscard]] const float* log_fold_of(Index row) const { return log_fold.data() + row * log_fold.cols(); }
};

/// True rows. `means` must outlive the result.
PairwiseRows prepare_truth(ConstMatrixView means, std::span<const Index> context,
                           const std::vector<ContextControls>& controls);

/// Predicted rows. A change in the row's own genes (those it perturbs) is set to 0 and kept apart: cell-eval leaves
/// those columns out.
struct PredictedRows : PairwiseRows {
    std::vector<std::span<const std::int32_t>> own;  ///< per row
    std::vector<std::vector<double>> own_change;     ///< per row and own gene: what was set to 0
    VectorD from_control;                            ///< norm of mean - c, all genes
    std::vector<std::uint64_t> fingerprint;          ///< equal for equal means
};

PredictedRows prepare_predicted(ConstMatrixView means, std::span<const Index> context,
                                std::span<const std::vector<std::int32_t>> own,
                                const std::vector<ContextControls>& controls);

}  // namespace lazynet::scoring
