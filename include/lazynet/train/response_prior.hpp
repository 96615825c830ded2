#pragma once

#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/model/response_ridge.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"

namespace lazynet::train {

/// What a screen says of its perturbations as a whole, before any one of them is looked at: how large effects are, how
/// much of them is shared by all, by neighbours in each embedding, by nobody.
struct ResponsePrior {
    ResponseVariances variances;  ///< for genes that were never perturbed
    /// For those that were. With combinations, without embeddings: many pairs tell of a gene, and what its neighbours
    /// do then only misleads (Norman 2019, doubles held out: 0.124 of no change, with families 0.128).
    ResponseVariances trained;
    bool is_one = true;   ///< both are the same
    VectorD sampling;     ///< (pairs): sampling variance per value
    VectorD particular;   ///< (pairs): variance per value beyond it: what no sum of effects explains
    double signal = 0.0;  ///< mean squared effect per value, sampling noise taken out
    /// Shares of `signal`: mean effect, one per source of the embedding, and what is common and particular to
    /// combinations.
    std::vector<double> strengths;
    double combination = 0.0, interaction = 0.0;
    /// Error for perturbations left out, relative to that of the mean of the others: singles without any pair of their
    /// gene, combinations without the pair itself. NaN where there are none.
    double unseen = 0.0, combinations = 0.0;
};

/// Chooses the strengths by leaving perturbations out, in closed form: sources that gain
/// little fade out. Collective; `observed` holds this rank's chunk genes. The same on every number of
/// ranks. Time grows with the cube of pairs, of which at most kPriorPairs are looked at.
/// @param noise mean sampling variance per value of every pair
ResponsePrior choose_response_prior(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                                    const BlockTargets& observed, const std::vector<double>& noise, Log& log);

constexpr Index kPriorPairs = 1000;

/// Observed changes of some target genes, with the values of pairs' own genes, which are given and not predicted,
/// replaced by the mean of the other pairs, and what contexts have in common taken away (ContextEffects).
/// @param columns of observed.change
Matrix changes_of_others(const BlockTargets& observed, Range columns);

}  // namespace lazynet::train
