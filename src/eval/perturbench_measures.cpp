#include <cmath>

#include "measure_families.hpp"

/// PerturBench (Altos Labs), analysis/benchmarks/metrics.py. Its r2_score puts the prediction in the place of the
/// truth, so the total is the prediction's spread: kept as it is.
namespace lazynet::eval {
namespace {

using Profile = const VectorD ProfileRow::*;

struct Aggregation {
    std::string name;
    std::string said;
    Profile predicted;
    Profile truth;
};

void add(const Aggregation& a, std::vector<RowMeasure>& all) {
    const Profile y = a.predicted;
    const Profile t = a.truth;
    const auto put = [&](const std::string& metric, bool higher, const std::string& said, auto value) {
        all.push_back({{"perturbench_" + metric + "_" + a.name, higher, higher ? 1.0 : 0.0, said + " of " + a.said},
                       [=](const ProfileRow& r) { return value(r.*y, r.*t); }});
    };
    put("rmse", kLowerIsBetter, "root of the mean squared difference",
        [](const VectorD& p, const VectorD& r) { return std::sqrt(mean_squared(p, r)); });
    put("mse", kLowerIsBetter, "mean squared difference", mean_squared);
    put("mae", kLowerIsBetter, "mean absolute difference", mean_absolute);
    put("cosine", kHigherIsBetter, "cosine", cosine);
    put("pearson", kHigherIsBetter, "Pearson", pearson);
    put("r2", kHigherIsBetter, "R2, over the prediction's spread as its source has it,",
        [](const VectorD& p, const VectorD& r) { return r_squared(p, r); });
}

}  // namespace

std::vector<RowMeasure> perturbench_measures() {
    std::vector<RowMeasure> all;
    add({"average", "mean log expression", &ProfileRow::predicted, &ProfileRow::truth}, all);
    add({"logfc", "log2(mean + 0.1) - log2(own controls' mean + 0.1), negative means taken as 0",
         &ProfileRow::predicted_log_fold, &ProfileRow::true_log_fold},
        all);
    return all;
}

}  // namespace lazynet::eval
