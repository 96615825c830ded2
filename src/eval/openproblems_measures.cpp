#include <cmath>

#include "measure_families.hpp"

/// openproblems' perturbation prediction task. Its matrices hold signed -log10 p; here they hold changes from control.
namespace lazynet::eval {

std::vector<RowMeasure> openproblems_measures() {
    return {
        {{"openproblems_rowwise_rmse", kLowerIsBetter, 0.0,
          "root of the mean squared difference of the changes from control; its mean over rows is MRRMSE"},
         [](const ProfileRow& r) { return std::sqrt(mean_squared(r.predicted_change, r.true_change)); }},
        {{"openproblems_rowwise_mae", kLowerIsBetter, 0.0, "mean absolute difference of the changes from control"},
         [](const ProfileRow& r) { return mean_absolute(r.predicted_change, r.true_change); }},
        {{"openproblems_rowwise_pearson", kHigherIsBetter, 1.0, "Pearson of the changes from control, undefined = 0"},
         [](const ProfileRow& r) { return finite_or(pearson(r.predicted_change, r.true_change), 0.0); }},
        {{"openproblems_rowwise_spearman", kHigherIsBetter, 1.0, "Spearman of the changes from control, undefined = 0"},
         [](const ProfileRow& r) { return finite_or(pearson(r.predicted_change_ranks, r.true_change_ranks), 0.0); }},
        {{"openproblems_rowwise_cosine", kHigherIsBetter, 1.0, "cosine of the changes from control, undefined = 0"},
         [](const ProfileRow& r) { return finite_or(cosine(r.predicted_change, r.true_change), 0.0); }},
    };
}

}  // namespace lazynet::eval
