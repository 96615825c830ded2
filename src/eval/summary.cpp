#include "lazynet/eval/summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "lazynet/core/random.hpp"

namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Rounds whose draws are held at a time.
constexpr Index kRounds = 64;

std::vector<Index> all_rows(Index rows) {
    std::vector<Index> all(static_cast<std::size_t>(rows));
    std::iota(all.begin(), all.end(), Index{0});
    return all;
}

/// Linear interpolation between order statistics (numpy's default).
double quantile(std::vector<double> values, double at) {
    if (values.empty()) {
        return kNaN;
    }
    std::sort(values.begin(), values.end());
    const double place = at * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

/// The finite ones of some values.
std::vector<double> finite(const auto& values) {
    std::vector<double> some;
    for (const double value : values) {
        if (std::isfinite(value)) {
            some.push_back(value);
        }
    }
    return some;
}

MatrixD rows_of(const MatrixD& values, std::span<const Index> rows) {
    MatrixD some(static_cast<Index>(rows.size()), values.cols());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        some.row(static_cast<Index>(k)) = values.row(rows[k]);
    }
    return some;
}

/// How often each row is drawn in each of `rounds` rounds from `first` on.
MatrixD draws_of(const Bootstrap& bootstrap, Index first, Index rounds, Index rows) {
    const Random random(bootstrap.seed, "bootstrap of rows");
    MatrixD times = MatrixD::Zero(rounds, rows);
    for (Index round = 0; round < rounds; ++round) {
        for (Index k = 0; k < rows; ++k) {
            const auto counter = static_cast<std::uint64_t>((first + round) * rows + k);
            times(round, random.below(counter, rows)) += 1.0;
        }
    }
    return times;
}

/// Sums of each column over the rows drawn in every round: (rounds, columns).
MatrixD resampled_sums(const MatrixD& values, const Bootstrap& bootstrap) {
    MatrixD sums(bootstrap.rounds, values.cols());
    for (Index first = 0; first < bootstrap.rounds; first += kRounds) {
        const Index rounds = std::min(kRounds, bootstrap.rounds - first);
        sums.middleRows(first, rounds).noalias() = draws_of(bootstrap, first, rounds, values.rows()) * values;
    }
    return sums;
}

/// The columns of `values`, what is not finite as 0, and beside them which ones are finite.
MatrixD with_counts(const MatrixD& values) {
    MatrixD both(values.rows(), 2 * values.cols());
    both.rightCols(values.cols()) = values.unaryExpr([](double x) { return std::isfinite(x) ? 1.0 : 0.0; });
    both.leftCols(values.cols()) = values.unaryExpr([](double x) { return std::isfinite(x) ? x : 0.0; });
    return both;
}

}  // namespace

std::vector<Summary> summarise(const MatrixD& values, std::span<const Index> rows, const Bootstrap& bootstrap) {
    const MatrixD some = with_counts(rows_of(values, rows));
    const MatrixD sums = resampled_sums(some, bootstrap);
    const double tail = 0.5 * (1.0 - bootstrap.level);
    std::vector<Summary> summaries;
    for (Index m = 0; m < values.cols(); ++m) {
        Summary& summary = summaries.emplace_back();
        const double count = some.col(values.cols() + m).sum();
        summary.rows = static_cast<Index>(count);
        summary.mean = count > 0.0 ? some.col(m).sum() / count : kNaN;
        std::vector<double> there;
        for (const Index row : rows) {
            there.push_back(values(row, m));
        }
        summary.median = quantile(finite(there), 0.5);
        const std::vector<double> means = finite((sums.col(m).array() / sums.col(values.cols() + m).array()).eval());
        summary.low = quantile(means, tail);
        summary.high = quantile(means, 1.0 - tail);
    }
    return summaries;
}

std::vector<Summary> summarise(const MatrixD& values, const Bootstrap& bootstrap) {
    return summarise(values, all_rows(values.rows()), bootstrap);
}

std::vector<RatioSummary> summarise_ratios(const MatrixD& values, std::span<const Ratio> ratios,
                                           std::span<const Index> rows, const Bootstrap& bootstrap) {
    const MatrixD some = rows_of(values, rows);
    const MatrixD sums = resampled_sums(some, bootstrap);
    const double tail = 0.5 * (1.0 - bootstrap.level);
    std::vector<RatioSummary> summaries;
    for (const Ratio& ratio : ratios) {
        const auto shown = [&](double quotient) { return ratio.one_minus ? 1.0 - quotient : quotient; };
        std::vector<double> of_rounds = finite((sums.col(ratio.above).array() / sums.col(ratio.below).array()).eval());
        std::transform(of_rounds.begin(), of_rounds.end(), of_rounds.begin(), shown);
        const double below = some.col(ratio.below).sum();
        summaries.push_back({below == 0.0 ? kNaN : shown(some.col(ratio.above).sum() / below),
                             quantile(of_rounds, tail), quantile(of_rounds, 1.0 - tail)});
    }
    return summaries;
}

std::vector<RowGroup> group_by(const std::string& what, std::span<const std::string> labels) {
    std::vector<RowGroup> groups;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        if (labels[row].empty()) {
            continue;
        }
        auto group =
            std::find_if(groups.begin(), groups.end(), [&](const RowGroup& g) { return g.name == labels[row]; });
        if (group == groups.end()) {
            group = groups.insert(groups.end(), {what, labels[row], {}});
        }
        group->rows.push_back(static_cast<Index>(row));
    }
    return groups;
}

std::vector<RowGroup> group_by_size(const std::string& what, std::span<const Index> sizes,
                                    std::span<const Index> tops) {
    std::vector<RowGroup> groups;
    Index bottom = 0;
    for (const Index top : tops) {
        groups.push_back({what, std::to_string(bottom) + "-" + std::to_string(top), {}});
        bottom = top + 1;
    }
    groups.push_back({what, ">" + std::to_string(bottom - 1), {}});
    for (std::size_t row = 0; row < sizes.size(); ++row) {
        const auto group = std::lower_bound(tops.begin(), tops.end(), sizes[row]) - tops.begin();
        groups[static_cast<std::size_t>(group)].rows.push_back(static_cast<Index>(row));
    }
    std::erase_if(groups, [](const RowGroup& group) { return group.rows.empty(); });
    return groups;
}

std::vector<RowGroup> group_by_significant(std::span<const Index> genes) {
    return group_by_size("significant genes", genes, std::array<Index, 3>{5, 20, 100});
}

std::vector<RowGroup> group_by_cells(std::span<const Index> cells) {
    return group_by_size("cells", cells, std::array<Index, 4>{25, 50, 100, 200});
}

}  // namespace lazynet::eval
