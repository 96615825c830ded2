#include "lazynet/train/gates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lazynet::train {
namespace {

constexpr float kLow = -0.1f;
constexpr float kHigh = 1.1f;
constexpr float kInnerDrop = 0.2f;
constexpr float kOuterDrop = 0.5f;

float sigmoid(float x) {
    return 1.0f / (1.0f + std::exp(-x));
}

}  // namespace

Gates::Options Gates::options_of(prune::Method method) {
    switch (method) {
        case prune::Method::l0:
            return {1.0f / 50.0f, 0.0, 0.0};
        case prune::Method::cnode:
            return {2.0f / 3.0f, 1e-3, 0.0};
        default:
            return {2.0f / 3.0f, 1e-3, 1e-4};
    }
}

Gates::Gates(const Dynamics& model, const Options& options, const Random& random) : options_(options), random_(random) {
    const auto layers = model.layers();
    const auto roles = model.roles();
    for (std::size_t k = 0; k < layers.size(); ++k) {
        weights_.emplace_back(layers[k]->values().begin(), layers[k]->values().end());
        logits_.emplace_back(layers[k]->inputs());
        const float drop = roles[k].place == LayerRole::Place::inner ? kInnerDrop : kOuterDrop;
        const Random own(random.bits(k), "gate start");
        for (std::size_t i = 0; i < logits_[k].values.size(); ++i) {
            logits_[k].values[i] = std::log(1.0f - drop) - std::log(drop) + 0.01f * static_cast<float>(own.normal(i));
        }
        open_.emplace_back(logits_[k].values.size());
        slopes_.emplace_back(logits_[k].values.size());
    }
}

void Gates::put(Dynamics& model, const std::vector<std::vector<float>>& open) const {
    const auto layers = model.layers();
    for (std::size_t k = 0; k < layers.size(); ++k) {
        std::vector<float> effective = weights_[k];
        for (std::size_t e = 0; e < effective.size(); ++e) {
            effective[e] *= open[k][static_cast<std::size_t>(layers[k]->position(e) / layers[k]->outputs())];
        }
        layers[k]->assign(effective);
    }
}

void Gates::draw(Dynamics& model, long step) {
    for (std::size_t k = 0; k < logits_.size(); ++k) {
        const Random own(random_.bits(static_cast<std::uint64_t>(step)), "gate draw", {static_cast<std::int64_t>(k)});
        for (std::size_t i = 0; i < open_[k].size(); ++i) {
            const auto u = static_cast<float>(std::clamp(own.uniform(i), 1e-6, 1.0 - 1e-6));
            const float s = sigmoid((std::log(u) - std::log(1.0f - u) + logits_[k].values[i]) / options_.temperature);
            const float stretched = s * (kHigh - kLow) + kLow;
            open_[k][i] = std::clamp(stretched, 0.0f, 1.0f);
            const bool inside = stretched > 0.0f && stretched < 1.0f;
            slopes_[k][i] = inside ? s * (1.0f - s) * (kHigh - kLow) / options_.temperature : 0.0f;
        }
    }
    put(model, open_);
}

void Gates::settle(Dynamics& model) const {
    auto open = open_;
    for (std::size_t k = 0; k < logits_.size(); ++k) {
        std::transform(logits_[k].values.begin(), logits_[k].values.end(), open[k].begin(),
                       [](float logit) { return std::clamp(sigmoid(logit) * (kHigh - kLow) + kLow, 0.0f, 1.0f); });
    }
    put(model, open);
}

/// Adds the gradients of the path penalties: of the weights behind the gates, and of the gates themselves.
void Gates::add_path_penalty(Dynamics& model) {
    const auto layers = model.layers();
    const auto roles = model.roles();
    const double pairs = static_cast<double>(model.genes()) * static_cast<double>(model.genes());
    for (std::size_t outer = 0; outer < layers.size(); ++outer) {
        if (roles[outer].place != LayerRole::Place::outer) {
            continue;
        }
        const auto inner = static_cast<std::size_t>(roles[outer].inner);
        const Index units = layers[inner]->outputs();
        Vector in = Vector::Zero(units), out = Vector::Zero(units);  // sums of |weights| of every unit
        for (std::size_t e = 0; e < weights_[inner].size(); ++e) {
            in[layers[inner]->position(e) % units] += std::abs(weights_[inner][e]);
        }
        for (std::size_t e = 0; e < weights_[outer].size(); ++e) {
            out[layers[outer]->position(e) / layers[outer]->outputs()] += std::abs(weights_[outer][e]);
        }
        const auto l1 = static_cast<float>(options_.path_penalty / pairs);
        for (std::size_t e = 0; e < weights_[inner].size(); ++e) {
            layers[inner]->gradient()[e] +=
                l1 * std::copysign(out[layers[inner]->position(e) % units], weights_[inner][e]);
        }
        for (std::size_t e = 0; e < weights_[outer].size(); ++e) {
            layers[outer]->gradient()[e] +=
                l1 * std::copysign(in[layers[outer]->position(e) / layers[outer]->outputs()], weights_[outer][e]);
        }
        // mean over pairs of sum over units of (gate of gene) x (gate of unit)
        const auto pr = static_cast<float>(options_.gate_penalty / static_cast<double>(model.genes()));
        const float genes_open = std::accumulate(open_[inner].begin(), open_[inner].end(), 0.0f);
        const float units_open = std::accumulate(open_[outer].begin(), open_[outer].end(), 0.0f);
        for (std::size_t i = 0; i < open_[inner].size(); ++i) {
            logits_[inner].gradient[i] += pr * units_open * slopes_[inner][i];
        }
        for (std::size_t u = 0; u < open_[outer].size(); ++u) {
            logits_[outer].gradient[u] += pr * genes_open * slopes_[outer][u];
        }
    }
}

void Gates::step(Dynamics& model, const AdamStep& adam, float l2) {
    const auto layers = model.layers();
    for (std::size_t k = 0; k < layers.size(); ++k) {
        for (std::size_t e = 0; e < weights_[k].size(); ++e) {
            const auto input = static_cast<std::size_t>(layers[k]->position(e) / layers[k]->outputs());
            float& gradient = layers[k]->gradient()[e];
            logits_[k].gradient[input] += gradient * weights_[k][e] * slopes_[k][input];
            gradient *= open_[k][input];
        }
    }
    add_path_penalty(model);
    for (std::size_t k = 0; k < layers.size(); ++k) {
        layers[k]->assign(weights_[k]);
        layers[k]->step(adam, l2);
        weights_[k].assign(layers[k]->values().begin(), layers[k]->values().end());
        logits_[k].step(adam, 0.0f);
    }
}

void Gates::save(Packer& packer) const {
    for (std::size_t k = 0; k < weights_.size(); ++k) {
        packer.values(weights_[k]);
        logits_[k].save(packer);
    }
}

void Gates::load(Unpacker& unpacker) {
    for (std::size_t k = 0; k < weights_.size(); ++k) {
        weights_[k] = unpacker.values<float>();
        logits_[k].load(unpacker);
    }
}

}  // namespace lazynet::train
