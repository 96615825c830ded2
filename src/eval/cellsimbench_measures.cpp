#include "measure_families.hpp"

/// CellSimBench (Shift Bioscience), core/metrics_engine.py. Its weights and differential genes are of each
/// perturbation against the rest.
namespace lazynet::eval {
namespace {

using Profile = const VectorD ProfileRow::*;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewestGenes = 3;

struct Reference {
    std::string name;
    std::string said;
    Profile predicted;
    Profile truth;
};

const std::string kWeights =
    "weights: |Welch t|, scaled to [0, 1] and squared, against the context's other perturbed cells "
    "where the table has it, else against the controls";
const std::string kGenes =
    "genes with q < 0.05 of t (at least 3), against the context's other perturbed cells where the table has it, else "
    "against "
    "the controls";

template <typename Statistic>
RowMeasure on_genes(const std::string& name, double perfect, const std::string& said, Profile y, Profile t,
                    Statistic statistic) {
    return {{"cellsimbench_" + name + "_degs", perfect > 0.0, perfect, said + " over the " + kGenes},
            [=](const ProfileRow& r) {
                return r.significant.size() < kFewestGenes
                           ? kNaN
                           : statistic(take(r.*y, r.significant), take(r.*t, r.significant));
            },
            Needs::differential};
}

double r2(const VectorD& predicted, const VectorD& truth) {
    return r_squared(truth, predicted);
}

/// Weights that are all 0 count as none.
double weighted_r2(const ProfileRow& r, Profile y, Profile t) {
    return r.weights.sum() > 0.0 ? r_squared(r.*t, r.*y, r.weights) : r_squared(r.*t, r.*y);
}

void add(const Reference& reference, std::vector<RowMeasure>& all) {
    const Profile y = reference.predicted;
    const Profile t = reference.truth;
    const std::string pearson_name = "pearson_" + reference.name;
    const std::string r2_name = "r2_" + reference.name;
    all.push_back({{"cellsimbench_" + pearson_name, kHigherIsBetter, 1.0, "Pearson of " + reference.said},
                   [=](const ProfileRow& r) { return pearson(r.*y, r.*t); }});
    all.push_back({{"cellsimbench_" + r2_name, kHigherIsBetter, 1.0, "R2 of " + reference.said},
                   [=](const ProfileRow& r) { return r2(r.*y, r.*t); }});
    all.push_back(on_genes(pearson_name, 1.0, "Pearson of " + reference.said, y, t, pearson));
    all.push_back(on_genes(r2_name, 1.0, "R2 of " + reference.said, y, t, r2));
    all.push_back({{"cellsimbench_weighted_" + r2_name, kHigherIsBetter, 1.0,
                    "weighted R2 of " + reference.said + "; " + kWeights},
                   [=](const ProfileRow& r) { return weighted_r2(r, y, t); },
                   Needs::differential});
}

}  // namespace

std::vector<RowMeasure> cellsimbench_measures() {
    std::vector<RowMeasure> all = {
        {{"cellsimbench_mse", kLowerIsBetter, 0.0, "mean over genes of (y - t)^2"},
         [](const ProfileRow& r) { return mean_squared(r.predicted, r.truth); }},
        {{"cellsimbench_wmse", kLowerIsBetter, 0.0, "weighted mean over genes of (y - t)^2; " + kWeights},
         [](const ProfileRow& r) { return r.weights.dot((r.predicted - r.truth).cwiseAbs2()) / r.weights.sum(); },
         Needs::differential},
        on_genes("mse", 0.0, "mean of (y - t)^2", &ProfileRow::predicted, &ProfileRow::truth, mean_squared),
    };
    add({"deltactrl", "y - c and t - c", &ProfileRow::predicted_change, &ProfileRow::true_change}, all);
    add({"deltapert", "y - mu and t - mu, mu the mean over perturbations", &ProfileRow::predicted_from_mean,
         &ProfileRow::true_from_mean},
        all);
    return all;
}

}  // namespace lazynet::eval
