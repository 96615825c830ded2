#include "lazynet/eval/differential_measures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "lazynet/eval/ranking.hpp"
#include "lazynet/kernels/ranks.hpp"
#include "statistics.hpp"

namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr float kSignificant = 0.05F;
/// "All of them", cell-eval's N, and its cuts.
constexpr std::array<std::size_t, 5> kCuts = {0, 50, 100, 200, 500};

/// Significant genes of a row of one side.
struct DifferentialGenes {
    std::vector<std::int32_t> by_size;  ///< |log2 fold change| descending, ties by gene
    std::vector<bool> is_significant;
};

DifferentialGenes genes_of(const DifferentialTable& table, Index row) {
    DifferentialGenes genes;
    const Index count = table.rank_q.cols();
    genes.is_significant.resize(static_cast<std::size_t>(count));
    for (Index g = 0; g < count; ++g) {
        if (table.rank_q(row, g) < kSignificant) {
            genes.is_significant[static_cast<std::size_t>(g)] = true;
            genes.by_size.push_back(static_cast<std::int32_t>(g));
        }
    }
    std::stable_sort(genes.by_size.begin(), genes.by_size.end(), [&](std::int32_t a, std::int32_t b) {
        return std::abs(table.log_fold(row, a)) > std::abs(table.log_fold(row, b));
    });
    return genes;
}

/// Both sides of one row.
struct DifferentialRow {
    const DifferentialTable& truth;
    const DifferentialTable& predicted;
    Index row;
    DifferentialGenes real;
    DifferentialGenes found;

    [[nodiscard]] Genes real_genes() const { return real.by_size; }
};

/// Genes that are among the first k of both sides, as a share of k.
double shared(const DifferentialRow& r, std::size_t k) {
    const auto first = [](const std::vector<std::int32_t>& genes, std::size_t count) {
        std::vector<std::int32_t> some(genes.begin(),
                                       genes.begin() + static_cast<std::ptrdiff_t>(std::min(count, genes.size())));
        std::sort(some.begin(), some.end());
        return some;
    };
    if (k == 0) {
        return 0.0;
    }
    const auto real = first(r.real.by_size, k);
    const auto found = first(r.found.by_size, k);
    std::vector<std::int32_t> both;
    std::set_intersection(real.begin(), real.end(), found.begin(), found.end(), std::back_inserter(both));
    return static_cast<double>(both.size()) / static_cast<double>(k);
}

double overlap(const DifferentialRow& r, std::size_t cut) {
    const std::size_t real = r.real.by_size.size();
    return shared(r, cut == 0 ? real : std::min(cut, real));
}

double precision(const DifferentialRow& r, std::size_t cut) {
    const std::size_t found = r.found.by_size.size();
    return shared(r, cut == 0 ? found : std::min(cut, found));
}

int sign(float x) {
    return static_cast<int>(x > 0.0F) - static_cast<int>(x < 0.0F);
}

double direction_match(const DifferentialRow& r) {
    const auto matches = std::count_if(r.real.by_size.begin(), r.real.by_size.end(), [&](std::int32_t g) {
        return sign(r.truth.log_fold(r.row, g)) == sign(r.predicted.log_fold(r.row, g));
    });
    return r.real.by_size.empty() ? kNaN : static_cast<double>(matches) / static_cast<double>(r.real.by_size.size());
}

double recall(const DifferentialRow& r) {
    const auto found = std::count_if(r.real.by_size.begin(), r.real.by_size.end(), [&](std::int32_t g) {
        return r.found.is_significant[static_cast<std::size_t>(g)];
    });
    return r.real.by_size.empty() ? kNaN : static_cast<double>(found) / static_cast<double>(r.real.by_size.size());
}

double spearman(std::span<const float> a, std::span<const float> b) {
    Ranker rank;
    VectorD ranks_a(static_cast<Index>(a.size()));
    VectorD ranks_b(static_cast<Index>(b.size()));
    rank(a, {ranks_a.data(), a.size()});
    rank(b, {ranks_b.data(), b.size()});
    return pearson(ranks_a, ranks_b);
}

double spearman_log_fold(const DifferentialRow& r) {
    std::vector<float> real;
    std::vector<float> found;
    for (const std::int32_t g : r.real.by_size) {
        real.push_back(r.truth.log_fold(r.row, g));
        const float fold = r.predicted.log_fold(r.row, g);
        found.push_back(std::isnan(fold) ? 0.0F : fold);
    }
    return spearman(real, found);
}

/// -log10 of the prediction's q, cut at 10; a missing one counts as 1.
float certainty(float q) {
    constexpr float least = 1e-10F;
    return std::isnan(q) ? 0.0F : std::abs(std::log10(std::clamp(q, least, 1.0F)));
}

/// Both areas, or NaN where labels are all the same.
struct Areas {
    double roc = kNaN;
    double precision_recall = kNaN;
};

/// Genes of one row, scored, and whether they are differential.
struct ScoredGenes {
    std::vector<float> scores;
    std::vector<bool> is_true;
    void add(float score, bool truly) {
        scores.push_back(score);
        is_true.push_back(truly);
    }
};

/// Steps by descending score; genes of equal score share a rank, hence a step.
std::vector<ScoreStep> steps_by_rank(const ScoredGenes& genes) {
    std::vector<double> ranks(genes.scores.size());
    Ranker()(genes.scores, ranks);
    std::vector<ScoreStep> steps(2 * ranks.size());  // shared ranks are multiples of a half
    for (std::size_t k = 0; k < ranks.size(); ++k) {
        ScoreStep& step = steps[steps.size() - static_cast<std::size_t>(2.0 * ranks[k])];
        ++(genes.is_true[k] ? step.positives : step.negatives);
    }
    return steps;
}

Areas areas_of(const ScoredGenes& genes) {
    const RankingScores scores = score_ranking(steps_by_rank(genes));
    if (scores.positives == 0 || scores.positives == scores.pairs) {
        return {};
    }
    return {scores.auroc, scores.auprc};
}

Areas areas_of(const DifferentialRow& r) {
    ScoredGenes genes;
    for (Index g = 0; g < r.truth.rank_q.cols(); ++g) {
        genes.add(certainty(r.predicted.rank_q(r.row, g)), r.real.is_significant[static_cast<std::size_t>(g)]);
    }
    return areas_of(genes);
}

std::vector<double> values_of(const DifferentialRow& r) {
    std::vector<double> values;
    for (const std::size_t cut : kCuts) {
        values.push_back(overlap(r, cut));
    }
    for (const std::size_t cut : kCuts) {
        values.push_back(precision(r, cut));
    }
    const Areas areas = areas_of(r);
    values.insert(values.end(),
                  {direction_match(r), spearman_log_fold(r), recall(r), static_cast<double>(r.real.by_size.size()),
                   static_cast<double>(r.found.by_size.size()), areas.precision_recall, areas.roc});
    return values;
}

/// Areas of a ranking of genes by size, without the perturbed ones.
template <typename Size>
Areas areas_by(const TrueProfiles& truth, const DifferentialTable& differential, Index row, const Size& size) {
    const std::vector<std::int32_t>& own = truth.own[static_cast<std::size_t>(row)];
    ScoredGenes genes;
    for (Index g = 0; g < truth.truth.cols(); ++g) {
        if (!std::binary_search(own.begin(), own.end(), static_cast<std::int32_t>(g))) {
            genes.add(size(g), differential.rank_q(row, g) < kSignificant);
        }
    }
    return areas_of(genes);
}

}  // namespace

std::vector<Measure> differential_measure_list() {
    std::vector<Measure> list;
    for (const bool is_overlap : {true, false}) {
        for (const std::size_t cut : kCuts) {
            const std::string name = cut == 0 ? "N" : std::to_string(cut);
            list.push_back({(is_overlap ? "celleval_overlap_at_" : "celleval_precision_at_") + name, true, 1.0,
                            "share of k = " + (cut == 0 ? std::string("the number") : "min(" + name + ", number)") +
                                " of the " + (is_overlap ? "truly" : "predicted") +
                                " significant genes that are among the first k by |log2 fold change| of both sides; 0 "
                                "when k = 0"});
        }
    }
    list.push_back({"celleval_de_direction_match", true, 1.0,
                    "share of the truly significant genes whose log2 fold changes have the same sign"});
    list.push_back({"celleval_de_spearman_lfc_sig", true, 1.0,
                    "Spearman of log2 fold changes over the truly significant genes, missing ones 0"});
    list.push_back({"celleval_de_sig_genes_recall", true, 1.0,
                    "share of the truly significant genes that are predicted to be significant"});
    list.push_back({"celleval_de_nsig_counts_real", true, kNaN, "truly significant genes (a count, not a score)"});
    list.push_back(
        {"celleval_de_nsig_counts_pred", true, kNaN, "genes predicted to be significant (a count, not a score)"});
    list.push_back({"celleval_pr_auc", true, 1.0,
                    "average precision of the prediction's -log10 q (cut at 10) for the truly significant genes"});
    list.push_back({"celleval_roc_auc", true, 1.0,
                    "AUROC of the prediction's -log10 q (cut at 10) for the truly significant genes"});
    return list;
}

MeasureTable differential_measures(const DifferentialTable& truth, const DifferentialTable& predicted) {
    MeasureTable table{differential_measure_list(), {}};
    table.values.resize(truth.rank_q.rows(), static_cast<Index>(table.measures.size()));
    for (Index row = 0; row < truth.rank_q.rows(); ++row) {
        const std::vector<double> values =
            values_of({truth, predicted, row, genes_of(truth, row), genes_of(predicted, row)});
        table.values.row(row) = Eigen::Map<const VectorD>(values.data(), static_cast<Index>(values.size())).transpose();
    }
    return table;
}

double spearman_of_counts(std::span<const double> real, std::span<const double> predicted) {
    std::vector<float> of_real;
    std::vector<float> of_predicted;
    for (std::size_t row = 0; row < real.size(); ++row) {
        if (real[row] > 0.0) {
            of_real.push_back(static_cast<float>(real[row]));
            of_predicted.push_back(static_cast<float>(predicted[row]));
        }
    }
    return of_real.empty() ? 1.0 : spearman(of_real, of_predicted);
}

std::vector<Measure> change_ranking_list() {
    const std::string genes = " for the truly differential genes (q < 0.05, Mann-Whitney), perturbed genes left out";
    return {
        {"lazynet_auroc_de", true, 1.0, "AUROC of |y - c|" + genes},
        {"lazynet_auprc_de", true, 1.0, "average precision of |y - c|" + genes},
        {"lazynet_auroc_de_certainty", true, 1.0, "AUROC of |y - c| / sd" + genes},
        {"lazynet_auprc_de_certainty", true, 1.0, "average precision of |y - c| / sd" + genes},
    };
}

MeasureTable change_ranking_measures(const TrueProfiles& truth, const DifferentialTable& differential,
                                     const PredictedProfiles& predicted) {
    MeasureTable table{change_ranking_list(), {}};
    const bool has_sd = predicted.sd.cols() > 0;
    table.measures.resize(has_sd ? 4 : 2);
    table.values.resize(truth.truth.rows(), static_cast<Index>(table.measures.size()));
    for (Index row = 0; row < truth.truth.rows(); ++row) {
        if (!predicted.mean.row(row).allFinite()) {
            table.values.row(row).setConstant(kNaN);
            continue;
        }
        const Index context = truth.context[static_cast<std::size_t>(row)];
        const auto change = [&](Index g) { return std::abs(predicted.mean(row, g) - truth.control(context, g)); };
        const Areas by_change = areas_by(truth, differential, row, change);
        table.values.row(row).head(2) << by_change.roc, by_change.precision_recall;
        if (has_sd) {
            constexpr float least = std::numeric_limits<float>::min();
            const Areas by_certainty = areas_by(truth, differential, row, [&](Index g) {
                return change(g) == 0.0F ? 0.0F : change(g) / std::max(predicted.sd(row, g), least);
            });
            table.values.row(row).tail(2) << by_certainty.roc, by_certainty.precision_recall;
        }
    }
    return table;
}

std::vector<Index> significant_genes(const DifferentialTable& differential) {
    std::vector<Index> counts;
    for (Index row = 0; row < differential.rank_q.rows(); ++row) {
        counts.push_back((differential.rank_q.row(row).array() < kSignificant).count());
    }
    return counts;
}

}  // namespace lazynet::eval
