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

double minus_cosine(double product, double length, double other_length) {
    return length == 0.0 || other_length == 0.0 ? 0.0 : -product / (length * other_length);
}

}  // namespace

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

namespace {

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
};

/// A distance and what it may be off by.
struct PairwiseContest::Rough {
    double distance = 0;
    double doubt = 0;
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
    const std::int64_t context = own_.context[pair.prediction];
    if (pair.prediction == pair.other || own_.context[pair.other] != context || context == kNotCompared) {
        return;
    }
    const OwnTerms own(pair.predicted, pair.p, pair.truth, pair.t);
    const double from_control = pair.predicted.from_control[pair.p];
    const double length = pair.predicted.length[pair.p];
    const double other_length = pair.truth.length[pair.t];
    const double lengths =
        from_control + length + other_length + controls_[static_cast<std::size_t>(context)].shift_length;
    // Squared distance of the means, all genes: products are rounded, and so were the changes that they are of.
    const Rough whole = {square(from_control) + square(other_length) -
                             2.0 * (pair.product + own.product + pair.truth.along_shift[pair.t]),
                         2.0 * kProductBound * length * other_length + 8.0 * kFloatStep * square(lengths)};
    compare_to_truths(pair, own, whole);
    compare_to_predictions(pair, whole);
}

void PairwiseContest::compare_to_truths(const Pair& pair, const OwnTerms& own, const Rough& whole) {
    const auto count = [&](ToTruths by, const Rough& rough) {
        const auto k = static_cast<std::size_t>(by);
        const int order = compare_distances(rough.distance, rough.doubt, own_.to_truth[k][pair.row], [&] {
            return exact_distance(by, pair.predicted, pair.p, pair.truth, pair.t);
        });
        Tally& tally = of_predictions_[k][static_cast<std::size_t>(pair.row)];
        tally.better += order < 0 ? 1 : 0;
        tally.tied += order == 0 ? 1 : 0;
        tally.tied_before += order == 0 && pair.other < pair.prediction ? 1 : 0;
    };
    const double length = pair.predicted.length[pair.p];
    const double other_length = pair.truth.length[pair.t];
    const double rest = own.length_of_rest(other_length);
    count(ToTruths::absolute,
          {pair.absolute - own.absolute,
           (kAbsoluteBound + kDoubleBound) * (pair.predicted.absolute[pair.p] + pair.truth.absolute[pair.t])});
    count(ToTruths::euclid,
          {square(length) + square(other_length) - own.squared - 2.0 * pair.product,
           2.0 * kProductBound * length * other_length + kDoubleBound * square(length + other_length)});
    count(ToTruths::cosine, {minus_cosine(pair.product, length, rest),
                             rest == 0.0 ? 0.0 : (kProductBound + kDoubleBound) * other_length / rest});
    count(ToTruths::whole_euclid, whole);
}

void PairwiseContest::compare_to_predictions(const Pair& pair, const Rough& whole) {
    const bool the_same = own_.fingerprint[pair.prediction] == own_.fingerprint[pair.other];
    const auto count = [&](ToPredictions by, const Rough& rough) {
        const auto k = static_cast<std::size_t>(by);
        const int order = the_same ? 0 : compare_distances(rough.distance, rough.doubt, own_.all[k][pair.other], [&] {
            return exact_distance(by, pair.predicted, pair.p, pair.truth, pair.t);
        });
        of_truths_[k][pair.other] += order < 0 || (order == 0 && pair.prediction < pair.other) ? 1 : 0;
    };
    count(ToPredictions::euclid, whole);
    count(ToPredictions::log_cosine,
          {minus_cosine(pair.log_product, pair.predicted.log_length[pair.p], pair.truth.log_length[pair.t]),
           kProductBound + kDoubleBound});
}

}  // namespace lazynet::scoring
