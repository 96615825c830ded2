#pragma once

#include "lazynet/train/pseudobulk_shard.hpp"

namespace lazynet::train {

/// What perturbations of one context have in common, beyond what those of all contexts have: the mean change of its
/// pairs less that of all, shrunk as if a few more pairs had shown nothing. Nothing with a single context. Models in
/// closed form predict the rest, which is taken to be the same in every context.
class ContextEffects {
public:
    /// @param columns of observed.change; pairs' own genes do not count
    ContextEffects(const BlockTargets& observed, Range columns);

    [[nodiscard]] bool any() const { return sums_.size() > 0; }
    [[nodiscard]] Index contexts() const { return sums_.rows(); }
    /// (genes of the columns). @pre any()
    [[nodiscard]] Eigen::RowVectorXf of(Index context) const;
    [[nodiscard]] Eigen::RowVectorXf of_pair(Index pair) const {
        return of(observed_.context[static_cast<std::size_t>(pair)]);
    }
    /// The effect as the other pairs alone tell it. @pre any()
    [[nodiscard]] Eigen::RowVectorXf without(Index pair) const;

private:
    [[nodiscard]] Eigen::RowVectorXf effect(const Eigen::RowVectorXd& sum, double count, const Eigen::RowVectorXd& all,
                                            double all_count) const;
    [[nodiscard]] Eigen::RowVectorXd change(Index pair) const;

    const BlockTargets& observed_;
    Range columns_;
    MatrixD sums_;    // (contexts, genes)
    VectorD counts_;  // pairs per context
};

}  // namespace lazynet::train
