#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/consensus.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"
#include "lazynet/train/response_fit.hpp"

namespace lazynet::train {

/// Squared errors of one pair, added over target genes (the pair's own genes left out). Division by `genes` gives the
/// mean squared error per gene.
struct PairScore {
    double genes = 0.0;
    double fitted = 0.0;     ///< replicas that trained on the pair, their mean
    double held_out = 0.0;   ///< replicas that never saw it, their mean; the next three are its baselines
    double no_change = 0.0;  ///< predicting the control mean
    double mean = 0.0;       ///< predicting the mean change of the pairs those replicas trained on
    double noise = 0.0;      ///< sampling variance of the observed mean: what a perfect prediction would still get
    bool has_fitted = false;
    bool has_held_out = false;
};

/// Ensemble predictions of all pairs for this rank's chunk genes, and their scores.
struct Predictions {
    Range genes;
    Matrix change;                       ///< (pairs, genes): mean predicted change, of the replicas that trained on it
    Matrix sd;                           ///< (pairs, genes): over those replicas
    std::vector<PairScore> scores;       ///< per pair, over all genes of the screen; the same on every rank
    std::vector<double> gene_held_out;   ///< per gene of the screen: held-out squared error over pairs
    std::vector<double> gene_no_change;  ///< the same for predicting no change
    Matrix context_effect;               ///< (contexts, genes): part of `change`; empty: contexts have none
    std::vector<double> gene_residual;   ///< held-out squared error of single perturbations, sampling noise taken out
};

/// Collective. `observed` holds this rank's chunk genes. Sums run over chunks in chunk order on every number of ranks.
/// @param validation what held-out predictions are made with; nullptr: the replicas that never saw the pair
Predictions predict_pairs(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                          const std::vector<BlockEnsemble>& ensembles, const BlockTargets& observed,
                          const ResponseValidation* validation = nullptr);

/// Scores of the screen as a whole: sums over the pairs that have a held-out prediction.
struct ScreenScore {
    Index pairs = 0;
    double held_out = 0.0, no_change = 0.0, mean = 0.0, noise = 0.0;  ///< mean squared error per gene
    double fitted = 0.0;                                              ///< of all pairs with a fitted prediction
    double fitted_no_change = 0.0, fitted_noise = 0.0;                ///< noise: NaN where the screen's is not known
};
ScreenScore summarise(const std::vector<PairScore>& scores);

}  // namespace lazynet::train
