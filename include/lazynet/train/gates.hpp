#pragma once

#include <vector>

#include "lazynet/model/dynamics.hpp"
#include "lazynet/prune/config.hpp"

namespace lazynet::train {

/// Hard-concrete gates (Louizos, Welling, Kingma 2018) on the inputs of every layer, and penalties on open paths: what
/// L0, C-NODE and PathReg train with (dash.md A8).
///
/// The model in training holds effective weights: gate times weight, the gates drawn anew for every step. The weights
/// behind them live here.
class Gates {
public:
    struct Options {
        float temperature = 2.0f / 3.0f;
        double path_penalty = 0.0;  ///< l1: of mean |W||C| over all pairs of genes
        double gate_penalty = 0.0;  ///< of the same with gates for weights
    };
    static Options options_of(prune::Method method);

    Gates(const Dynamics& model, const Options& options, const Random& random);
    /// Puts gates drawn for step `step` before the weights.
    void draw(Dynamics& model, long step);
    /// Puts the gates' most probable values before the weights: how the model is used.
    void settle(Dynamics& model) const;
    /// After the gradients of the effective weights are in: one Adam step on weights and gates.
    void step(Dynamics& model, const AdamStep& adam, float l2);

    /// Weights and gates as they are between two steps, and back.
    void save(Packer& packer) const;
    void load(Unpacker& unpacker);

private:
    void put(Dynamics& model, const std::vector<std::vector<float>>& open) const;
    void add_path_penalty(Dynamics& model);

    Options options_;
    Random random_;
    std::vector<std::vector<float>> weights_;  ///< per layer, like its stored values
    std::vector<ParameterVector> logits_;      ///< per layer, per input
    std::vector<std::vector<float>> open_;     ///< gates as drawn
    std::vector<std::vector<float>> slopes_;   ///< d gate / d logit as drawn
};

}  // namespace lazynet::train
