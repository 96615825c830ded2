#pragma once

#include <span>

namespace lazynet {

/// Constants of one Adam step (Kingma and Ba 2015, algorithm 1), bias corrections folded in.
struct AdamStep {
    /// @param step number of this step, from 1
    AdamStep(double learning_rate, long step, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8);
    float beta1, beta2;
    float rate;    ///< learning rate / (1 - beta1^t)
    float scale2;  ///< 1 / (1 - beta2^t)
    float epsilon;
};

/// One Adam step over `parameters`, in place; `gradient` is cleared for the next batch.
///
/// The L2 penalty is part of the loss (coupled): its gradient `2 * l2 * parameter` is added to `gradient` before the
/// moments are updated. All spans have the same length; one pass over memory.
void adam_update(const AdamStep& step, float l2, std::span<float> parameters, std::span<float> gradient,
                 std::span<float> first_moment, std::span<float> second_moment);

}  // namespace lazynet
