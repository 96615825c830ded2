#include <cmath>

#include "measure_families.hpp"

/// GEARS, inference.py: compute_metrics, deeper_analysis, non_dropout_analysis, as far as means tell. All genes count,
/// the perturbed one too; both changes are from the true control mean; a correlation that is not defined is 0.
/// Differential genes: largest |Welch t| against the controls (scanpy's t-test, rankby_abs).
namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double pearson_or_0(const VectorD& a, const VectorD& b) {
    return finite_or(pearson(a, b), 0.0);
}

int sign(double x) {
    return static_cast<int>(x > 0.0) - static_cast<int>(x < 0.0);
}

/// Share of genes whose signs of change are `apart`: 0 the same, 1 one of them is 0, 2 opposite.
double share_of_signs(const ProfileRow& row, Genes genes, int apart) {
    int found = 0;
    for (const std::int32_t g : genes) {
        found += std::abs(sign(row.predicted_change[g]) - sign(row.true_change[g])) == apart ? 1 : 0;
    }
    return genes.empty() ? kNaN : static_cast<double>(found) / static_cast<double>(genes.size());
}

/// The genes of a row that satisfy a condition.
template <typename Condition>
std::vector<std::int32_t> genes_where(const ProfileRow& row, const Condition& condition) {
    std::vector<std::int32_t> genes;
    for (Index g = 0; g < row.truth.size(); ++g) {
        if (condition(g)) {
            genes.push_back(static_cast<std::int32_t>(g));
        }
    }
    return genes;
}

std::vector<std::int32_t> every_gene(const ProfileRow& row) {
    return genes_where(row, [](Index) { return true; });
}
std::vector<std::int32_t> non_zero(const ProfileRow& row) {
    return genes_where(row, [&](Index g) { return row.truth[g] != 0.0; });
}
std::vector<std::int32_t> non_dropout(const ProfileRow& row) {
    return genes_where(row, [&](Index g) { return row.truth[g] != 0.0 || row.context->control[g] == 0.0; });
}
std::vector<std::int32_t> non_zero_top20(const ProfileRow& row) {
    const Genes top = row.top(20);
    std::vector<std::int32_t> genes(top.begin(), top.end());
    std::erase_if(genes, [&](std::int32_t g) { return row.truth[g] == 0.0; });
    return genes;
}

/// Mean |y / c - t / c| over genes whose fold change t / c is inside (low, high); genes of low expression are left out.
double fold_change_gap(const ProfileRow& row, double low, double high) {
    constexpr double kLowestMean = 0.5;
    double sum = 0;
    int genes = 0;
    for (Index g = 0; g < row.truth.size(); ++g) {
        const double control = row.context->control[g];
        const double fold = row.truth[g] / control;
        if (control != 0.0 && row.truth[g] >= kLowestMean && fold > low && fold < high) {
            sum += std::abs(row.predicted[g] / control - fold);
            ++genes;
        }
    }
    return genes == 0 ? kNaN : sum / genes;
}

using GenesOf = std::function<Genes(const ProfileRow&)>;

/// Errors and correlations on some genes.
void add_on(const std::string& suffix, const std::string& said, Needs needs, const GenesOf& genes,
            std::vector<RowMeasure>& all) {
    all.push_back(
        {{"gears_mse_" + suffix, kLowerIsBetter, 0.0, "mean of (y - t)^2 over " + said},
         [=](const ProfileRow& r) { return mean_squared(take(r.predicted, genes(r)), take(r.truth, genes(r))); },
         needs});
    all.push_back(
        {{"gears_pearson_" + suffix, kHigherIsBetter, 1.0, "Pearson of y and t over " + said},
         [=](const ProfileRow& r) { return pearson_or_0(take(r.predicted, genes(r)), take(r.truth, genes(r))); },
         needs});
    all.push_back({{"gears_pearson_delta_" + suffix, kHigherIsBetter, 1.0, "Pearson of y - c and t - c over " + said},
                   [=](const ProfileRow& r) {
                       return pearson_or_0(take(r.predicted_change, genes(r)), take(r.true_change, genes(r)));
                   },
                   needs});
}

template <typename Picked>
RowMeasure direction(const std::string& name, const std::string& said, Needs needs, const Picked& genes) {
    return {{"gears_frac_correct_direction_" + name, kHigherIsBetter, 1.0,
             "share of " + said + " with sign(y - c) = sign(t - c)"},
            [=](const ProfileRow& r) { return share_of_signs(r, genes(r), 0); },
            needs};
}

template <typename Picked>
void add_directions(const std::string& name, const std::string& said, Needs needs, const Picked& genes,
                    std::vector<RowMeasure>& all) {
    all.push_back(direction(name, said, needs, genes));
    all.push_back({{"gears_frac_opposite_direction_" + name, kLowerIsBetter, 0.0,
                    "share of " + said + " with opposite signs of y - c and t - c"},
                   [=](const ProfileRow& r) { return share_of_signs(r, genes(r), 2); },
                   needs});
    all.push_back({{"gears_frac_0_or_1_direction_" + name, kLowerIsBetter, 0.0,
                    "share of " + said + " where just one of y - c and t - c is 0 (GEARS: frac_0/1_direction)"},
                   [=](const ProfileRow& r) { return share_of_signs(r, genes(r), 1); },
                   needs});
}

void add_means(std::vector<RowMeasure>& all) {
    all.push_back({{"gears_mse", kLowerIsBetter, 0.0, "mean over genes of (y - t)^2"},
                   [](const ProfileRow& r) { return mean_squared(r.predicted, r.truth); }});
    all.push_back({{"gears_pearson", kHigherIsBetter, 1.0, "Pearson of y and t, undefined = 0"},
                   [](const ProfileRow& r) { return pearson_or_0(r.predicted, r.truth); }});
    all.push_back({{"gears_pearson_delta", kHigherIsBetter, 1.0,
                    "Pearson of y - c and t - c over all genes, the same true control mean for both, undefined = 0"},
                   [](const ProfileRow& r) { return pearson_or_0(r.predicted_change, r.true_change); }});
    all.push_back(direction("all", "all genes", Needs::means, every_gene));
    add_directions("non_zero", "genes with t not 0", Needs::means, non_zero, all);
    add_directions("non_dropout", "genes with t not 0 or c = 0", Needs::means, non_dropout, all);
}

void add_fold_changes(std::vector<RowMeasure>& all) {
    struct Gap {
        const char* name;
        double low;
        double high;
        const char* said;
    };
    constexpr double kNoLimit = std::numeric_limits<double>::infinity();
    for (const Gap& gap : {Gap{"all", 0.0, kNoLimit, "t / c > 0"}, Gap{"downreg_0.33", 0.0, 0.333, "t / c < 0.333"},
                           Gap{"downreg_0.1", 0.0, 0.1, "t / c < 0.1"}, Gap{"upreg_3", 3.0, kNoLimit, "t / c > 3"},
                           Gap{"upreg_10", 10.0, kNoLimit, "t / c > 10"}}) {
        all.push_back({{std::string("gears_fold_change_gap_") + gap.name, kLowerIsBetter, 0.0,
                        std::string("mean of |y / c - t / c| over genes with t >= 0.5 and ") + gap.said},
                       [=](const ProfileRow& r) { return fold_change_gap(r, gap.low, gap.high); }});
    }
}

void add_differential(std::vector<RowMeasure>& all) {
    const Needs needs = Needs::differential;
    const auto top20 = [](const ProfileRow& r) { return r.top(20); };
    add_on("de", "the 20 genes of largest |Welch t|", needs, top20, all);
    for (const std::size_t k : {20UL, 50UL, 100UL, 200UL}) {
        const std::string said = "the " + std::to_string(k) + " genes of largest |Welch t|";
        const auto top = [k](const ProfileRow& r) { return r.top(k); };
        add_on("top" + std::to_string(k) + "_de", said, needs, top, all);
        all.push_back(direction(std::to_string(k), said, needs, top));
    }
    all.push_back(direction("20_nonzero", "the 20 genes of largest |Welch t|, t not 0,", needs, non_zero_top20));
    const std::string kept = "the 20 genes of largest |Welch t| among those with t not 0 or c = 0";
    const auto kept20 = [](const ProfileRow& r) { return Genes(r.by_score_non_dropout); };
    add_on("top20_de_non_dropout", kept, needs, kept20, all);
    add_directions("top20_non_dropout", kept, needs, kept20, all);
}

}  // namespace

std::vector<RowMeasure> gears_measures() {
    std::vector<RowMeasure> all;
    add_means(all);
    add_fold_changes(all);
    add_on(
        "top200_hvg", "the 200 genes of largest standard deviation over condition means", Needs::spread,
        [](const ProfileRow& r) { return Genes(r.context->variable); }, all);
    add_differential(all);
    return all;
}

}  // namespace lazynet::eval
