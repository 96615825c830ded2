#include "pairwise_contest.hpp"

#include <algorithm>
#include <cmath>

#include "lazynet/kernels/distances.hpp"

namespace lazynet::scoring {
namespace {

/// Rows of each side that are multiplied at a time: their products stay in the second-level cache.
constexpr Index kTile = 256;
/// What float64 itself may be off by, relative to the terms, when products stand in for distances.
constexpr double kDoubleBound = 1e-12;
/// A truth that has less than this share of its squared length outside the own genes has no direction there.
constexpr double kNoLength = 1e-12;

ConstMatrixView rows_of(const Matrix& m, Index first, Index count) {
    return {m.data() + first * m.cols(), count, m.cols()};
}

double square(double x) {
    return x * x;
}

/// What the own genes of a prediction take away from, or add to, sums over all genes of a truth's change.
struct OwnTerms {
    double absolute = 0;
    double squared = 0;
    double product = 0;
    OwnTerms(const PredictedRows& predicted, Index p, const PairwiseRows& truth, Index t) {
        const auto genes = predicted.own[static_cast<std::size_t>(p)];
        const std::vector<double>& changes = predicted.own_change[static_cast<std::size_t>(p)];
        for (std::size_t k = 0; k < genes.size(); ++k) {
            const auto other = static_cast<double>(truth.change(t, genes[k]));
            absolute += std::abs(other);
            squared += other * other;
            product += changes[k] * other;
        }
    }
    /// Length of the truth's change outside the own genes; 0 where there is nothing.
    [[nodiscard]] double length_of_rest(double length) const {
        const double rest = square(length) - squared;
        return rest <= kNoLength * square(length) ? 0.0 : std::sqrt(rest);
    }
};

double minus_cosine(double product, double length, double other_length) {
    return length == 0.0 || other_length == 0.0 ? 0.0 : -product / (length * other_length);
}

/// -1, 0 or 1: a distance that is known to within `doubt` is less than, equal to, or more than one known exactly.
template <typename Exact>
int compare_distances(double roughly, double doubt, double with, const Exact& exact) {
    if (roughly < with - doubt) {
        return -1;
    }
    if (roughly > with + doubt) {
        return 1;
    }
    const double distance = exact();
    return distance < with ? -1 : static_cast<int>(distance > with);
}

}  // namespace

double exact_distance(ToTruths by, const PredictedRows& predicted, Index p, const PairwiseRows& truth, Index t) {
    const Index genes = truth.change.cols();
    const float* a = predicted.change_of(p);
    const float* b = truth.change_of(t);
    const OwnTerms own(predicted, p, truth, t);
    switch (by) {
        case ToTruths::absolute:
            return absolute_distance(a, b, genes) - own.absolute;
        case ToTruths::euclid:
            return squared_distance(a, b, genes) - own.squared;
        case ToTruths::cosine: {
            const double rest = own.length_of_rest(truth.length[t]);
            const bool none = rest == 0.0 || predicted.length[p] == 0.0;
            return none ? 0.0 : minus_cosine(dot_product(a, b, genes), predicted.length[p], rest);
        }
        case ToTruths::whole_euclid:
            break;
    }
    return exact_distance(ToPredictions::euclid, predicted, p, truth, t);
}

double exact_distance(ToPredictions by, const PredictedRows& predicted, Index p, const PairwiseRows& truth, Index t) {
    const Index genes = truth.change.cols();
    if (by == ToPredictions::euclid) {
        return squared_distance(predicted.mean_of(p), truth.mean_of(t), genes);
    }
    if (predicted.log_length[p] == 0.0 || truth.log_length[t] == 0.0) {
        return 0.0;
    }
    return minus_cosine(dot_product(predicted.log_fold_of(p), truth.log_fold_of(t), genes), predicted.log_length[p],
                        truth.log_length[t]);
}

/// A prediction, a truth that is not its own, and what their float32 products say.
struct PairwiseContest::Pair {
    const PredictedRows& predicted;
    Index p;
    const PairwiseRows& truth;
    Index t;
    Index row;               ///< of the prediction, among those of this rank
    std::size_t prediction;  ///< among the rows of all ranks
    std::size_t other;       ///< the truth, among the rows of all ranks
    double product;
    double log_product;
    double absolute;

    /// Squared distance of the means, all genes, and what it may be off by: products are rounded, and so were changes.
    [[nodiscard]] double whole(const OwnTerms& own) const {
        return square(predicted.from_control[p]) + square(truth.length[t]) -
               2.0 * (product + own.product + truth.along_shift[t]);
    }
    [[nodiscard]] double whole_doubt(double shift_length) const {
        return 2.0 * kProductBound * predicted.length[p] * truth.length[t] +
               8.0 * kFloatStep *
                   square(predicted.from_control[p] + predicted.length[p] + truth.length[t] + shift_length);
    }
};

PairwiseContest::PairwiseContest(const std::vector<ContextControls>& controls, OwnDistances own)
    : controls_(controls), own_(std::move(own)) {
    for (std::vector<Tally>& tallies : of_predictions_) {
        tallies.resize(static_cast<std::size_t>(own_.to_truth[0].size()));
    }
    for (std::vector<std::int64_t>& counts : of_truths_) {
        counts.resize(own_.context.size());
    }
}

void PairwiseContest::compare(const Stretch<PredictedRows>& predicted, Index local,
                              const Stretch<PairwiseRows>& truths) {
    const PredictedRows& a = predicted.rows;
    const PairwiseRows& b = truths.rows;
    for (Index p0 = 0; p0 < a.rows(); p0 += kTile) {
        const Index height = std::min(kTile, a.rows() - p0);
        for (Index t0 = 0; t0 < b.rows(); t0 += kTile) {
            const Index width = std::min(kTile, b.rows() - t0);
            row_products(rows_of(a.change, p0, height), rows_of(b.change, t0, width), products_);
            row_products(rows_of(a.log_fold, p0, height), rows_of(b.log_fold, t0, width), log_products_);
            row_absolute_distances(rows_of(a.change, p0, height), a.sum.segment(p0, height),
                                   rows_of(b.change, t0, width), b.sum.segment(t0, width), absolute_);
            for (Index i = 0; i < height; ++i) {
                for (Index j = 0; j < width; ++j) {
                    compare_pair({a, p0 + i, b, t0 + j, local + p0 + i,
                                  static_cast<std::size_t>(predicted.first + p0 + i),
                                  static_cast<std::size_t>(truths.first + t0 + j), products_(i, j), log_products_(i, j),
                                  absolute_(i, j)});
                }
            }
        }
    }
}

void PairwiseContest::compare_pair(const Pair& pair) {
    if (pair.prediction != pair.other && own_.context[pair.prediction] == own_.context[pair.other]) {
        compare_to_truths(pair);
        compare_to_predictions(pair);
    }
}

void PairwiseContest::compare_to_truths(const Pair& pair) {
    const auto& [a, p, b, t, row, prediction, other, product, log_product, absolute] = pair;
    const OwnTerms own(a, p, b, t);
    const auto count = [&](ToTruths by, double roughly, double doubt) {
        const auto k = static_cast<std::size_t>(by);
        const int order = compare_distances(roughly, doubt, own_.to_truth[k][pair.row], [&] {
            return exact_distance(by, pair.predicted, pair.p, pair.truth, pair.t);
        });
        Tally& tally = of_predictions_[k][static_cast<std::size_t>(pair.row)];
        tally.better += order < 0 ? 1 : 0;
        tally.tied += order == 0 ? 1 : 0;
        tally.tied_before += order == 0 && pair.other < pair.prediction ? 1 : 0;
    };
    const double lengths = a.length[p] * b.length[t];
    count(ToTruths::absolute, absolute - own.absolute,
          (kAbsoluteBound + kDoubleBound) * (a.absolute[p] + b.absolute[t]));
    count(ToTruths::euclid, square(a.length[p]) + square(b.length[t]) - own.squared - 2.0 * product,
          2.0 * kProductBound * lengths + kDoubleBound * square(a.length[p] + b.length[t]));
    const double rest = own.length_of_rest(b.length[t]);
    count(ToTruths::cosine, minus_cosine(product, a.length[p], rest),
          rest == 0.0 ? 0.0 : (kProductBound + kDoubleBound) * b.length[t] / rest);
    const double shift_length = controls_[static_cast<std::size_t>(own_.context[prediction])].shift_length;
    count(ToTruths::whole_euclid, pair.whole(own), pair.whole_doubt(shift_length));
}

void PairwiseContest::compare_to_predictions(const Pair& pair) {
    const bool the_same = own_.fingerprint[pair.prediction] == own_.fingerprint[pair.other];
    const auto count = [&](ToPredictions by, double roughly, double doubt) {
        const auto k = static_cast<std::size_t>(by);
        const int order = the_same ? 0 : compare_distances(roughly, doubt, own_.all[k][pair.other], [&] {
            return exact_distance(by, pair.predicted, pair.p, pair.truth, pair.t);
        });
        of_truths_[k][pair.other] += order < 0 || (order == 0 && pair.prediction < pair.other) ? 1 : 0;
    };
    const OwnTerms own(pair.predicted, pair.p, pair.truth, pair.t);
    const double shift_length = controls_[static_cast<std::size_t>(own_.context[pair.prediction])].shift_length;
    count(ToPredictions::euclid, pair.whole(own), pair.whole_doubt(shift_length));
    count(ToPredictions::log_cosine,
          minus_cosine(pair.log_product, pair.predicted.log_length[pair.p], pair.truth.log_length[pair.t]),
          kProductBound + kDoubleBound);
}

}  // namespace lazynet::scoring
