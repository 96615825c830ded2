#include "measure_families.hpp"

/// cell-eval (Arc Institute), metrics/_anndata.py: changes are from each side's own controls.
namespace lazynet::eval {

std::vector<RowMeasure> celleval_measures() {
    return {
        {{"celleval_pearson_delta", kHigherIsBetter, 1.0,
          "Pearson of y - c' and t - c, c' the prediction's own controls"},
         [](const ProfileRow& r) { return pearson(r.own_change, r.true_change); }},
        {{"celleval_mse", kLowerIsBetter, 0.0, "mean over genes of (y - t)^2"},
         [](const ProfileRow& r) { return mean_squared(r.predicted, r.truth); }},
        {{"celleval_mae", kLowerIsBetter, 0.0, "mean over genes of |y - t|"},
         [](const ProfileRow& r) { return mean_absolute(r.predicted, r.truth); }},
        {{"celleval_mse_delta", kLowerIsBetter, 0.0, "mean over genes of ((y - c') - (t - c))^2"},
         [](const ProfileRow& r) { return mean_squared(r.own_change, r.true_change); }},
        {{"celleval_mae_delta", kLowerIsBetter, 0.0, "mean over genes of |(y - c') - (t - c)|"},
         [](const ProfileRow& r) { return mean_absolute(r.own_change, r.true_change); }},
    };
}

}  // namespace lazynet::eval
