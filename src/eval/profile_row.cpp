#include "profile_row.hpp"

#include <cmath>
#include <numeric>

namespace lazynet::eval {
namespace {

constexpr std::size_t kHighest = 1000;
constexpr std::size_t kVariable = 200;
constexpr std::size_t kDifferential = 200;
constexpr std::size_t kNonDropout = 20;
constexpr float kSignificant = 0.05F;
constexpr double kLogOffset = 0.1;

VectorD row_of(const Matrix& m, Index row) {
    return m.row(row).transpose().cast<double>();
}

/// log2(x + 0.1); predictions below 0 count as 0.
VectorD log_of(const VectorD& x) {
    return (x.array().max(0.0) + kLogOffset).log() / std::log(2.0);
}

std::vector<std::int32_t> all_genes(Index genes) {
    std::vector<std::int32_t> all(static_cast<std::size_t>(genes));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

/// Keeps the `count` genes of the largest values, descending, ties by index.
template <typename Value>
void keep_largest(std::vector<std::int32_t>& genes, std::size_t count, const Value& value) {
    const auto before = [&](std::int32_t a, std::int32_t b) {
        return value(a) > value(b) || (value(a) == value(b) && a < b);
    };
    if (count < genes.size()) {
        std::nth_element(genes.begin(), genes.begin() + static_cast<std::ptrdiff_t>(count), genes.end(), before);
        genes.resize(count);
    }
    std::sort(genes.begin(), genes.end(), before);
}

ContextGenes context_of(const TrueProfiles& truth, const PredictedProfiles& predicted, Index context) {
    ContextGenes genes;
    genes.control = row_of(truth.control, context);
    genes.predicted_control = row_of(predicted.control, context);
    genes.mean = row_of(truth.mean, context);
    genes.log_control = log_of(genes.control);
    genes.log_predicted_control = log_of(genes.predicted_control);
    genes.highest = all_genes(truth.control.cols());
    keep_largest(genes.highest, kHighest, [&](std::int32_t g) { return genes.control[g]; });
    if (truth.spread.cols() > 0) {
        genes.variable = all_genes(truth.spread.cols());
        keep_largest(genes.variable, kVariable, [&](std::int32_t g) { return truth.spread(context, g); });
    }
    return genes;
}

/// A score that could not be computed (no variance) counts as 0, as in scanpy.
float size_of(float score) {
    return std::isfinite(score) ? std::abs(score) : 0.0F;
}

}  // namespace

ProfileRows::ProfileRows(const TrueProfiles& truth, const DifferentialTable* differential,
                         const PredictedProfiles& predicted)
    : truth_(truth), differential_(differential), predicted_(predicted) {
    for (Index context = 0; context < truth.control.rows(); ++context) {
        contexts_.push_back(context_of(truth, predicted, context));
    }
}

const ProfileRow& ProfileRows::operator[](Index row) {
    const auto at = static_cast<std::size_t>(row);
    row_.context = &contexts_[static_cast<std::size_t>(truth_.context[at])];
    row_.own = truth_.own[at];
    fill_changes(row);
    fill_ranks();
    if (differential_ != nullptr) {
        fill_top(row);
        fill_weights(row);
    }
    return row_;
}

void ProfileRows::fill_changes(Index row) {
    const ContextGenes& context = *row_.context;
    row_.truth = row_of(truth_.truth, row);
    row_.predicted = row_of(predicted_.mean, row);
    row_.true_change = row_.truth - context.control;
    row_.predicted_change = row_.predicted - context.control;
    row_.own_change = row_.predicted - context.predicted_control;
    row_.true_from_mean = row_.truth - context.mean;
    row_.predicted_from_mean = row_.predicted - context.mean;
    row_.true_log_fold = log_of(row_.truth) - context.log_control;
    row_.predicted_log_fold = log_of(row_.predicted) - context.log_predicted_control;
    row_.training_mean = truth_.training_mean.size() > 0
                             ? row_of(truth_.training_mean, truth_.training_of[static_cast<std::size_t>(row)])
                             : context.mean;
}

void ProfileRows::fill_ranks() {
    const auto rank = [&](const VectorD& values, VectorD& ranks) {
        scratch_ = values.cast<float>();
        ranks.resize(values.size());
        rank_({scratch_.data(), static_cast<std::size_t>(scratch_.size())},
              {ranks.data(), static_cast<std::size_t>(ranks.size())});
    };
    rank(row_.true_change, row_.true_change_ranks);
    rank(row_.predicted_change, row_.predicted_change_ranks);
}

void ProfileRows::fill_top(Index row) {
    const auto score = [&](std::int32_t g) { return size_of(differential_->score(row, g)); };
    row_.by_score = all_genes(truth_.truth.cols());
    row_.by_score_non_dropout = row_.by_score;
    keep_largest(row_.by_score, kDifferential, score);
    std::erase_if(row_.by_score_non_dropout,
                  [&](std::int32_t g) { return row_.truth[g] == 0.0 && row_.context->control[g] != 0.0; });
    keep_largest(row_.by_score_non_dropout, kNonDropout, score);
}

void ProfileRows::fill_weights(Index row) {
    const bool rest = differential_->score_rest.cols() > 0;
    const auto scores = (rest ? differential_->score_rest : differential_->score).row(row);
    const auto qs = (rest ? differential_->score_rest_q : differential_->score_q).row(row);
    row_.weights = scores.transpose().unaryExpr(&size_of).cast<double>();
    const double least = row_.weights.minCoeff();
    const double span = row_.weights.maxCoeff() - least;
    row_.weights = (row_.weights.array() - least).square();
    if (span > 0.0) {
        row_.weights /= row_.weights.sum();  // scaling to [0, 1] before the square would cancel here
    }
    row_.significant.clear();
    for (Index g = 0; g < qs.size(); ++g) {
        if (qs[g] < kSignificant) {
            row_.significant.push_back(static_cast<std::int32_t>(g));
        }
    }
}

}  // namespace lazynet::eval
