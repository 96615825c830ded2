#pragma once

#include "lazynet/train/config.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"
#include "lazynet/train/response_prior.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// Fits one shard to pseudobulk pairs in closed form: the posterior mean under the prior, along the leading directions
/// of the changes, at most as many as there are hidden units, each with the signal that optimal shrinkage of its
/// singular value leaves (Gavish and Donoho 2017); as a LazyNet of sums. Not collective; the result depends on its
/// arguments only.
///
/// Replicas differ by one standard error of noise on every change, which enters neighbouring replicas with opposite
/// signs, so that the ensemble's mean is hardly noisier than the data; where the noise is not known, by a Bayesian
/// bootstrap of the pairs.
TrainedShard fit_responses(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                           const ResponsePrior& prior);

/// What the pairs would be predicted to be without themselves: singles without any pair that perturbs their gene,
/// combinations without any of their own pairs. All are linear in the pairs' changes.
struct ResponseValidation {
    Matrix weights;         ///< (pairs, pairs): prediction of row p is weights.row(p) * changes
    std::vector<int> fold;  ///< per pair
    Matrix means;           ///< (folds, pairs): weights of the mean of the pairs that the fold trained on
};
ResponseValidation validate_responses(const Pairs& pairs, const ResponsePrior& prior, std::uint64_t seed);

}  // namespace lazynet::train
