#include "lazynet/scoring/scoreboard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace lazynet::scoring {
namespace {

using eval::RowGroup;

constexpr std::array kHeadlines = {"gears_pearson_delta",
                                   "gears_pearson_delta_top20_de",
                                   "gears_mse_top20_de",
                                   "celleval_mae",
                                   "celleval_discrimination_l1",
                                   "perturbench_rank_rmse_average",
                                   "perturbench_rank_cosine_logfc",
                                   "const_ae_l2_top1000",
                                   "const_ae_pearson_delta_top1000",
                                   "cellsimbench_weighted_r2_deltapert",
                                   "cellsimbench_nir",
                                   "lazynet_auroc_de",
                                   "lazynet_auprc_de"};

/// Fewer conditions than this say nothing of a group.
constexpr std::size_t kFewest = 5;
/// Intervals whose coverage is further off than this are said to be too wide or too narrow.
constexpr double kCoverageOff = 0.05;
constexpr int kNominalChecked = 90;

Index column_of(const Evaluation& evaluation, const std::string& name) {
    for (std::size_t m = 0; m < evaluation.measures.size(); ++m) {
        if (evaluation.measures[m].name == name) {
            return static_cast<Index>(m);
        }
    }
    return -1;
}

std::vector<std::string> labels_of(const Evaluation& evaluation, std::string JudgedRow::*field) {
    std::vector<std::string> labels;
    for (const JudgedRow& row : evaluation.rows) {
        labels.push_back(row.*field);
    }
    return labels;
}

std::vector<Index> numbers_of(const Evaluation& evaluation, Index JudgedRow::*field) {
    std::vector<Index> numbers;
    for (const JudgedRow& row : evaluation.rows) {
        numbers.push_back(row.*field);
    }
    return numbers;
}

/// Thirds by size of effect: what there is where genes could not be tested.
std::vector<RowGroup> thirds_by_effect(const Evaluation& evaluation) {
    std::vector<Index> order(evaluation.rows.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
        return evaluation.rows[static_cast<std::size_t>(a)].effect <
               evaluation.rows[static_cast<std::size_t>(b)].effect;
    });
    std::vector<RowGroup> thirds;
    constexpr std::array kNames = {"smallest third", "middle third", "largest third"};
    for (Index k = 0; k < 3; ++k) {
        const Range part = block_of(static_cast<Index>(order.size()), 3, k);
        RowGroup group{"size of effect", kNames[static_cast<std::size_t>(k)], {}};
        group.rows.assign(order.begin() + part.begin, order.begin() + part.end);
        std::sort(group.rows.begin(), group.rows.end());
        if (!group.rows.empty()) {
            thirds.push_back(std::move(group));
        }
    }
    return thirds;
}

void append(std::vector<RowGroup>& groups, std::vector<RowGroup> more) {
    groups.insert(groups.end(), more.begin(), more.end());
}

/// Groups of equal labels in the order of the labels.
std::vector<RowGroup> sorted_groups(const std::string& what, const std::vector<std::string>& labels) {
    std::vector<RowGroup> groups = eval::group_by(what, labels);
    std::sort(groups.begin(), groups.end(), [](const RowGroup& a, const RowGroup& b) { return a.name < b.name; });
    return groups;
}

std::vector<RowGroup> groups_of(const Evaluation& evaluation) {
    RowGroup all{"all", "all", std::vector<Index>(evaluation.rows.size())};
    std::iota(all.rows.begin(), all.rows.end(), Index{0});
    std::vector<RowGroup> groups{std::move(all)};
    append(groups, sorted_groups("known to training", labels_of(evaluation, &JudgedRow::stratum)));
    append(groups, sorted_groups("ground", labels_of(evaluation, &JudgedRow::ground)));
    const std::vector<Index> significant = numbers_of(evaluation, &JudgedRow::significant);
    const bool tested = !significant.empty() && significant.front() >= 0;
    append(groups, tested ? eval::group_by_significant(significant) : thirds_by_effect(evaluation));
    const std::vector<Index> cells = numbers_of(evaluation, &JudgedRow::cells);
    if (std::any_of(cells.begin(), cells.end(), [](Index n) { return n > 1; })) {
        append(groups, eval::group_by_cells(cells));
    }
    append(groups, sorted_groups("context", labels_of(evaluation, &JudgedRow::context)));
    if (evaluation.folds.size() > 1) {
        append(groups, sorted_groups("fold", labels_of(evaluation, &JudgedRow::fold)));
    }
    return groups;
}

class Board {
public:
    Board(const Evaluation& evaluation, const eval::Bootstrap& bootstrap)
        : evaluation_(evaluation), bootstrap_(bootstrap), measures_(static_cast<Index>(evaluation.measures.size())) {
        // All methods side by side, so that rows are drawn once for all of them.
        values_.resize(static_cast<Index>(evaluation.rows.size()),
                       static_cast<Index>(evaluation.methods.size()) * measures_);
        for (std::size_t m = 0; m < evaluation.methods.size(); ++m) {
            const Index first = static_cast<Index>(m) * measures_;
            values_.middleCols(first, measures_) = evaluation.methods[m].values;
            const Index error = first + column_of(evaluation, "lazynet_squared_error");
            ratios_.push_back({error, first + column_of(evaluation, "lazynet_squared_error_no_change"), false});
            ratios_.push_back({error, first + column_of(evaluation, "lazynet_squared_error_training_mean"), true});
        }
    }

    Scoreboard operator()() {
        board_.shown = headline_measures(evaluation_.measures);
        std::sort(board_.shown.begin(), board_.shown.end());
        for (RowGroup& group : groups_of(evaluation_)) {
            add(std::move(group));
        }
        doubt_errors();
        doubt_intervals();
        return std::move(board_);
    }

private:
    void add(RowGroup group) {
        const double floor = noise_floor(group.rows);
        ScoreGroup result{std::move(group), {}, floor, {}};
        const std::span<const Index> rows = result.group.rows;
        const auto pooled = eval::summarise_ratios(values_, ratios_, rows, bootstrap_);
        std::vector<Index> columns;
        for (std::size_t m = 0; m < evaluation_.methods.size(); ++m) {
            for (Index k = 0; k < measures_; ++k) {
                if (board_.groups.empty() || std::count(board_.shown.begin(), board_.shown.end(), k) > 0) {
                    columns.push_back(static_cast<Index>(m) * measures_ + k);
                }
            }
        }
        const MatrixD wanted = values_(Eigen::all, columns);
        const std::vector<eval::Summary> summaries = eval::summarise(wanted, rows, bootstrap_);
        const std::size_t per_method = columns.size() / evaluation_.methods.size();
        for (std::size_t m = 0; m < evaluation_.methods.size(); ++m) {
            const auto first = summaries.begin() + static_cast<std::ptrdiff_t>(m * per_method);
            result.scores.push_back(
                {pooled[2 * m], pooled[2 * m + 1], {first, first + static_cast<std::ptrdiff_t>(per_method)}});
        }
        for (const Index row : evaluation_.coverage.empty() ? std::span<const Index>{} : rows) {
            result.coverage += evaluation_.coverage[static_cast<std::size_t>(row)];
        }
        board_.groups.push_back(std::move(result));
    }

    [[nodiscard]] double noise_floor(const std::vector<Index>& rows) const {
        const Index change = column_of(evaluation_, "lazynet_squared_error_no_change");
        double noise = 0.0;
        double all = 0.0;
        for (const Index row : rows) {
            noise += evaluation_.rows[static_cast<std::size_t>(row)].noise;
            all += evaluation_.methods.front().values(row, change);
        }
        return noise / all;
    }

    static std::string name(const ScoreGroup& group) {
        return group.group.by == "all" ? "over all conditions"
                                       : fmt::format("where {} is {}", group.group.by, group.group.name);
    }

    /// The predictions, against the mean of perturbations and against the best baseline.
    void doubt_errors() {
        for (const ScoreGroup& group : board_.groups) {
            if (group.group.rows.size() < kFewest || group.group.by == "fold") {
                continue;
            }
            const eval::RatioSummary& own = group.scores.front().r2_over_mean;
            if (!(own.low > 0.0)) {
                board_.doubts.push_back(
                    fmt::format("{} ({} conditions): {} than the mean of perturbations, R2 over it {:.3f} [{:.3f}, "
                                "{:.3f}]",
                                name(group), group.group.rows.size(), own.high < 0.0 ? "worse" : "not surely better",
                                own.value, own.low, own.high));
            } else if (const std::size_t best = best_baseline(group); best > 0) {
                board_.doubts.push_back(
                    fmt::format("{} ({} conditions): {} does as well or better, R2 over the mean {:.3f} against {:.3f}",
                                name(group), group.group.rows.size(), evaluation_.methods[best].name,
                                group.scores[best].r2_over_mean.value, own.value));
            }
        }
    }

    /// The baseline with the largest R2, where it reaches that of the predictions; 0: none does.
    [[nodiscard]] std::size_t best_baseline(const ScoreGroup& group) const {
        std::size_t best = 0;
        for (std::size_t m = 1; m < group.scores.size(); ++m) {
            if (evaluation_.methods[m].name != "ceiling" &&
                group.scores[m].r2_over_mean.value >= group.scores[best].r2_over_mean.value) {
                best = m;
            }
        }
        return best;
    }

    void doubt_intervals() {
        for (const ScoreGroup& group : board_.groups) {
            if (group.coverage.values() == 0 || group.group.rows.size() < kFewest || group.group.by == "fold") {
                continue;
            }
            const double covered = group.coverage.coverage(kNominalChecked);
            if (std::abs(covered - kNominalChecked / 100.0) > kCoverageOff) {
                board_.doubts.push_back(fmt::format(
                    "{} ({} conditions): sds are too {}, {} % intervals hold {:.0f} % of "
                    "the true values",
                    name(group), group.group.rows.size(), covered < kNominalChecked / 100.0 ? "small" : "large",
                    kNominalChecked, 100.0 * covered));
            }
        }
    }

    const Evaluation& evaluation_;
    const eval::Bootstrap& bootstrap_;
    Index measures_;
    MatrixD values_;
    std::vector<eval::Ratio> ratios_;  ///< per method: relative error, R2 over the training mean
    Scoreboard board_;
};

}  // namespace

std::vector<Index> headline_measures(const std::vector<eval::Measure>& measures) {
    std::vector<Index> shown;
    for (const char* name : kHeadlines) {
        const auto found =
            std::find_if(measures.begin(), measures.end(), [&](const eval::Measure& m) { return m.name == name; });
        if (found != measures.end()) {
            shown.push_back(found - measures.begin());
        }
    }
    return shown;
}

Scoreboard make_scoreboard(const Evaluation& evaluation, const eval::Bootstrap& bootstrap) {
    return Board(evaluation, bootstrap)();
}

}  // namespace lazynet::scoring
