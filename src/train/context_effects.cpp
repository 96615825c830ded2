#include "lazynet/train/context_effects.hpp"

#include <algorithm>

namespace lazynet::train {
namespace {

/// Pairs without any effect that a context's mean is shrunk with.
constexpr double kPairsOfNothing = 2.0;

}  // namespace

ContextEffects::ContextEffects(const BlockTargets& observed, Range columns) : observed_(observed), columns_(columns) {
    if (observed.context.empty()) {
        return;
    }
    const Index contexts = *std::max_element(observed.context.begin(), observed.context.end()) + 1;
    sums_.setZero(contexts, columns.size());
    counts_.setZero(contexts);
    for (Index p = 0; p < observed.change.rows(); ++p) {
        const Index c = observed.context[static_cast<std::size_t>(p)];
        sums_.row(c) += change(p);
        counts_[c] += 1.0;
    }
}

Eigen::RowVectorXf ContextEffects::of(Index context) const {
    return effect(sums_.row(context), counts_[context], sums_.colwise().sum(), counts_.sum());
}

Eigen::RowVectorXf ContextEffects::without(Index pair) const {
    const Index context = observed_.context[static_cast<std::size_t>(pair)];
    const Eigen::RowVectorXd own = change(pair);
    return effect(sums_.row(context) - own, counts_[context] - 1.0, sums_.colwise().sum() - own, counts_.sum() - 1.0);
}

Eigen::RowVectorXf ContextEffects::effect(const Eigen::RowVectorXd& sum, double count, const Eigen::RowVectorXd& all,
                                          double all_count) const {
    const Eigen::RowVectorXd difference = sum / std::max(count, 1.0) - all / std::max(all_count, 1.0);
    return (count / (count + kPairsOfNothing) * difference).cast<float>();
}

Eigen::RowVectorXd ContextEffects::change(Index pair) const {
    Eigen::RowVectorXd row = observed_.change.row(pair).segment(columns_.begin, columns_.size()).cast<double>();
    const auto at = static_cast<std::size_t>(pair);
    for (auto k = static_cast<std::size_t>(observed_.own[at]); k < static_cast<std::size_t>(observed_.own[at + 1]);
         ++k) {
        if (columns_.contains(observed_.own_output[k])) {
            row[observed_.own_output[k] - columns_.begin] = 0.0;
        }
    }
    return row;
}

}  // namespace lazynet::train
