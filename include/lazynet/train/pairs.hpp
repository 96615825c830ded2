#pragma once

#include <cstdint>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/kernels/sparse.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/pair_embedding.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::train {

/// One observed on-target change: regulator `regulator` was perturbed, alone, in condition `condition`.
struct OnTarget {
    Index condition = 0;
    Index regulator = 0;
    double change = 0.0;    ///< mean under the perturbation minus control mean, log units
    double variance = 0.0;  ///< sampling variance of `change`
};

/// On-target changes of all measured targets of single perturbations, in (regulator, condition) order.
/// Collective; every rank gets all.
std::vector<OnTarget> on_target_changes(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table);

/// How strongly perturbing each regulator moves it: the input shift `delta` of the model.
struct Shifts {
    double mean = 0.0;       ///< over the screen's measured targets; the fallback when there is none
    double spread = 0.0;     ///< standard deviation between targets, sampling noise taken out
    Index measured = 0;      ///< targets with an observed change
    std::vector<double> of;  ///< per regulator; `mean` where nothing was observed
};

/// Shrinks the observed changes towards the screen's mean (random-effects model, DerSimonian and Laird 1986), and keeps
/// a quarter of that mean as the least: a knock-out need not lower its own transcript, yet its protein is gone.
/// @param fallback shift when no target is measured, or when `override` asks for it
Shifts estimate_shifts(const std::vector<OnTarget>& observed, Index regulators, double override_shift);

/// The pseudobulk pairs of a screen: one per condition that is not a control. Same on every rank.
struct Pairs {
    std::vector<Index> conditions;  ///< index into Screen::conditions
    std::vector<Index> inputs;      ///< regulator of each model input: first state inputs, then perturbation inputs
    Index state_inputs = 0;         ///< leading inputs that are measured genes' pre state; 0 for pseudobulk pairs
    std::vector<Index> regulators;  ///< columns of the consensus: regulators, ascending
    std::vector<Index> consensus_inputs;  ///< their inputs: the perturbation where there is one, else the state
    std::vector<std::int64_t> offsets;    ///< CSR of the inputs: shifts divided by `scale`
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    std::vector<float> scale;  ///< per input: model input = log-expression shift / scale
    std::vector<int> fold;     ///< per pair; pairs of one perturbation share it; -1 without folds
    int folds = 0;
    PairEmbedding embedding;  ///< its dimensions are the last inputs of a model; none: no embedding
    /// Inputs of a model: these, and the embedding's dimensions.
    [[nodiscard]] Index model_inputs() const { return static_cast<Index>(inputs.size()) + embedding.dimensions(); }
    [[nodiscard]] Index size() const { return static_cast<Index>(conditions.size()); }
    [[nodiscard]] SparseRows rows() const { return {offsets, columns, values}; }
    [[nodiscard]] bool held_out(Index pair, Index replica) const {
        return folds > 0 && fold[static_cast<std::size_t>(pair)] == static_cast<int>(replica % folds);
    }
};

/// @param with_state cell pairs: the measured genes' pre state is an input too. A perturbation is an input of its own,
/// not
///        a shift of its gene's state: the pre state is another cell's, whose noise would pull the perturbation's
///        effect to zero with its own.
Pairs make_pairs(const Screen& screen, const Shifts& shifts, const TrainConfig& config, bool with_state);

/// Training weight of every pair, mean 1: `equal`; `cells`: in proportion to cells; `noise`: 1 / (signal + noise),
/// signal the screen's mean squared effect with the noise taken out, noise the pair's mean sampling variance.
/// @param effect mean over genes of the squared change; @param noise of its sampling variance (both per pair)
std::vector<double> pair_weights(const Screen& screen, const Pairs& pairs, PairWeights kind,
                                 const std::vector<double>& effect, const std::vector<double>& noise);

/// Mean sampling variance per value of every pair, as the closed form takes it: as measured; or the mean of all, in
/// inverse proportion to cells (`cells`) or alike (`equal`).
std::vector<double> noise_of_pairs(const Screen& screen, const Pairs& pairs, PairWeights kind,
                                   const std::vector<double>& noise);

}  // namespace lazynet::train
