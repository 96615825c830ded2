#pragma once

#include <memory>
#include <vector>

#include "lazynet/train/config.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/replica_training.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// The observed pseudobulk changes of one block, shared by all its replicas.
struct BlockTargets {
    Range genes;
    Matrix change;                  ///< (pairs, genes): mean under the perturbation minus control mean of the context
    Matrix noise;                   ///< (pairs, genes): standard error of `change` (perturbed cells)
    std::vector<double> weights;    ///< per pair, mean 1
    std::vector<std::int64_t> own;  ///< CSR per pair: outputs that are perturbed genes, left out of the loss
    std::vector<std::int32_t> own_output;
    std::vector<Index> context;  ///< per pair, where contexts have effects of their own; else empty
};

/// Largest penalty that leaves something to learn: the spectral norm of change' W D (changes centred), by power
/// iteration. With loss sum_p w_p |r_p|^2 + l2 (|A|^2 + |C|^2) everything shrinks to the mean beyond it, because the
/// two factors together carry the nuclear norm of their product.
double largest_penalty(const Pairs& pairs, const BlockTargets& block);

/// Trains one shard on pseudobulk pairs. Not collective; the result depends on its arguments only.
///
/// Every replica sees its own noise: pairs get Bayesian bootstrap weights (Rubin 1981), and each change gets one
/// standard error of normal noise added, the large-sample bootstrap of its cells. The same noise subtracted gives
/// values whose sampling noise is independent of the training values (Gaussian thinning, Neufeld and others 2024):
/// the error on them, together with the error on held-out perturbations, chooses the best epoch.
/// @param l2 penalty in units of largest_penalty, already times it (the absolute one)
TrainedShard train_pseudobulk_shard(const ShardId& id, const Pairs& pairs, const BlockTargets& block,
                                    const TrainConfig& config, double l2, const EpochCallback& told);

/// The same for shards of one replica, in stretches of epochs. @param ids all of one replica; `blocks` are theirs
std::unique_ptr<ReplicaTraining> start_pseudobulk_training(const std::vector<ShardId>& ids,
                                                           const std::vector<const BlockTargets*>& blocks,
                                                           const Pairs& pairs, const TrainConfig& config, double l2);

/// Hidden units (pairs, width) of every pair, held-out ones included.
Matrix pair_hidden(const Pairs& pairs, const LazyNet& net);

}  // namespace lazynet::train
