#include "measure_families.hpp"

/// The linear-baselines paper (Ahlmann-Eltze et al.; const-ae/linear_perturbation_prediction-Paper).
namespace lazynet::eval {

std::vector<RowMeasure> const_ae_measures() {
    return {
        {{"const_ae_l2_top1000", kLowerIsBetter, 0.0,
          "Euclidean distance of y and t over the 1000 genes of highest control mean"},
         [](const ProfileRow& r) {
             return (take(r.predicted, r.context->highest) - take(r.truth, r.context->highest)).norm();
         }},
        {{"const_ae_pearson_delta_top1000", kHigherIsBetter, 1.0,
          "Pearson of y - c and t - c over the 1000 genes of highest control mean"},
         [](const ProfileRow& r) {
             return pearson(take(r.predicted_change, r.context->highest), take(r.true_change, r.context->highest));
         }},
    };
}

}  // namespace lazynet::eval
