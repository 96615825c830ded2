#include "lazynet/train/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

/// Least share of the mean shift that a target gets.
constexpr double kLeastShare = 0.25;
/// Shift, in log units, where a screen measures none of its targets: expression falls to about a third.
constexpr double kUnmeasuredShift = -1.0;

/// Changes of one regulator over conditions, pooled by inverse variance.
struct Pooled {
    double change = 0.0;
    double variance = 0.0;
};

std::map<Index, Pooled> pool_by_regulator(const std::vector<OnTarget>& observed) {
    std::map<Index, Pooled> pooled;
    for (const OnTarget& o : observed) {
        const double precision = 1.0 / std::max(o.variance, 1e-12);
        Pooled& p = pooled[o.regulator];
        p.change += precision * o.change;
        p.variance += precision;
    }
    for (auto& [regulator, p] : pooled) {
        p.change /= p.variance;
        p.variance = 1.0 / p.variance;
    }
    return pooled;
}

/// Between-target variance by the method of moments, and the random-effects mean.
void fit_random_effects(const std::map<Index, Pooled>& pooled, Shifts& shifts) {
    double w = 0, w2 = 0, wx = 0, q = 0;
    for (const auto& [regulator, p] : pooled) {
        w += 1.0 / p.variance;
        w2 += 1.0 / (p.variance * p.variance);
        wx += p.change / p.variance;
    }
    const double fixed = wx / w;
    for (const auto& [regulator, p] : pooled) {
        q += (p.change - fixed) * (p.change - fixed) / p.variance;
    }
    const double freedom = static_cast<double>(pooled.size()) - 1.0;
    const double denominator = w - w2 / w;
    const double between = denominator > 0.0 ? std::max(0.0, (q - freedom) / denominator) : 0.0;
    double total = 0, sum = 0;
    for (const auto& [regulator, p] : pooled) {
        total += 1.0 / (p.variance + between);
        sum += p.change / (p.variance + between);
    }
    shifts.mean = sum / total;
    shifts.spread = std::sqrt(between);
}

std::vector<Index> perturbed_regulators(const Screen& screen) {
    std::vector<Index> regulators;
    for (const Condition& c : screen.conditions) {
        regulators.insert(regulators.end(), c.targets.begin(), c.targets.end());
    }
    std::sort(regulators.begin(), regulators.end());
    regulators.erase(std::unique(regulators.begin(), regulators.end()), regulators.end());
    return regulators;
}

Index perturbation_input(const std::vector<Index>& perturbed, const Pairs& pairs, Index regulator) {
    return pairs.state_inputs + (std::lower_bound(perturbed.begin(), perturbed.end(), regulator) - perturbed.begin());
}

void choose_consensus_columns(const std::vector<Index>& perturbed, Pairs& pairs) {
    for (Index j = 0; j < pairs.state_inputs; ++j) {
        if (!std::binary_search(perturbed.begin(), perturbed.end(), j)) {
            pairs.regulators.push_back(j);
        }
    }
    pairs.regulators.insert(pairs.regulators.end(), perturbed.begin(), perturbed.end());
    std::sort(pairs.regulators.begin(), pairs.regulators.end());
    for (const Index j : pairs.regulators) {
        const bool is_perturbed = std::binary_search(perturbed.begin(), perturbed.end(), j);
        pairs.consensus_inputs.push_back(is_perturbed ? perturbation_input(perturbed, pairs, j) : j);
    }
}

/// Folds by perturbation label, so that one perturbation in several contexts is held out as a whole.
void assign_folds(const Screen& screen, const TrainConfig& config, Pairs& pairs) {
    pairs.fold.assign(pairs.conditions.size(), -1);
    std::map<std::string, int> fold_of;
    for (const Index c : pairs.conditions) {
        fold_of.emplace(screen.conditions[static_cast<std::size_t>(c)].perturbation, 0);
    }
    const auto count = static_cast<std::int64_t>(fold_of.size());
    if (config.validation_share <= 0.0 || count < 4) {
        return;
    }
    pairs.folds = std::max(2, static_cast<int>(std::lround(1.0 / config.validation_share)));
    std::vector<std::int64_t> order(fold_of.size());
    std::iota(order.begin(), order.end(), 0);
    Random(config.seed, "folds").shuffle(order);
    std::size_t at = 0;
    for (auto& [label, fold] : fold_of) {
        fold = static_cast<int>(order[at++] % pairs.folds);
    }
    for (std::size_t p = 0; p < pairs.conditions.size(); ++p) {
        const auto c = static_cast<std::size_t>(pairs.conditions[p]);
        pairs.fold[p] = fold_of[screen.conditions[c].perturbation];
    }
}

}  // namespace

std::vector<OnTarget> on_target_changes(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table) {
    std::vector<double> mine;
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        const Condition& condition = screen.conditions[c];
        if (condition.targets.size() != 1 || !table.genes.contains(condition.targets[0])) {
            continue;
        }
        const Condition& control = screen.conditions[static_cast<std::size_t>(condition.context)];
        const Index column = condition.targets[0] - table.genes.begin;
        const auto row = static_cast<Index>(c);
        const auto variance_of_mean = [&](Index r, const Condition& of) {
            return static_cast<double>(table.variance(r, column)) / static_cast<double>(of.cells);
        };
        mine.insert(mine.end(), {static_cast<double>(c), static_cast<double>(condition.targets[0]),
                                 static_cast<double>(table.mean(row, column)) -
                                     static_cast<double>(table.mean(condition.context, column)),
                                 variance_of_mean(row, condition) + variance_of_mean(condition.context, control)});
    }
    const std::vector<double> all = world.gather(std::span<const double>(mine));
    std::vector<OnTarget> changes;
    for (std::size_t k = 0; k < all.size(); k += 4) {
        changes.push_back({static_cast<Index>(all[k]), static_cast<Index>(all[k + 1]), all[k + 2], all[k + 3]});
    }
    std::sort(changes.begin(), changes.end(), [](const OnTarget& a, const OnTarget& b) {
        return std::tie(a.regulator, a.condition) < std::tie(b.regulator, b.condition);
    });
    return changes;
}

Shifts estimate_shifts(const std::vector<OnTarget>& observed, Index regulators, double override_shift) {
    const auto pooled = pool_by_regulator(observed);
    Shifts shifts;
    shifts.measured = static_cast<Index>(pooled.size());
    shifts.mean = kUnmeasuredShift;
    if (!pooled.empty()) {
        fit_random_effects(pooled, shifts);
    }
    if (override_shift != 0.0) {
        shifts.mean = override_shift;
    }
    shifts.of.assign(static_cast<std::size_t>(regulators), shifts.mean);
    const double direction = shifts.mean < 0.0 ? -1.0 : 1.0;
    const double least = kLeastShare * std::abs(shifts.mean);
    const double between = shifts.spread * shifts.spread;
    for (const auto& [regulator, p] : pooled) {
        const double trust = between / (between + p.variance);
        const double shrunk = trust * p.change + (1.0 - trust) * shifts.mean;
        shifts.of[static_cast<std::size_t>(regulator)] = direction * std::max(direction * shrunk, least);
    }
    return shifts;
}

Pairs make_pairs(const Screen& screen, const Shifts& shifts, const TrainConfig& config, bool with_state) {
    Pairs pairs;
    const std::vector<Index> perturbed = perturbed_regulators(screen);
    pairs.state_inputs = with_state ? static_cast<Index>(screen.genes.size()) : 0;
    pairs.inputs.resize(static_cast<std::size_t>(pairs.state_inputs));
    std::iota(pairs.inputs.begin(), pairs.inputs.end(), Index{0});
    pairs.inputs.insert(pairs.inputs.end(), perturbed.begin(), perturbed.end());
    choose_consensus_columns(perturbed, pairs);
    pairs.scale.assign(pairs.inputs.size(), 1.0f);
    pairs.offsets.push_back(0);
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        if (screen.conditions[c].is_control()) {
            continue;
        }
        pairs.conditions.push_back(static_cast<Index>(c));
        for (const Index j : screen.conditions[c].targets) {
            const Index at = perturbation_input(perturbed, pairs, j);
            const double shift = shifts.of[static_cast<std::size_t>(j)];
            pairs.scale[static_cast<std::size_t>(at)] = static_cast<float>(std::abs(shift));
            pairs.columns.push_back(static_cast<std::int32_t>(at));
            pairs.values.push_back(shift < 0.0 ? -1.0f : 1.0f);
        }
        pairs.offsets.push_back(static_cast<std::int64_t>(pairs.columns.size()));
    }
    assign_folds(screen, config, pairs);
    return pairs;
}

std::vector<double> noise_of_pairs(const Screen& screen, const Pairs& pairs, PairWeights kind,
                                   const std::vector<double>& noise) {
    if (kind == PairWeights::noise) {
        return noise;
    }
    std::vector<double> relative(noise.size(), 1.0);
    for (std::size_t p = 0; kind == PairWeights::cells && p < noise.size(); ++p) {
        const auto c = static_cast<std::size_t>(pairs.conditions[p]);
        relative[p] = 1.0 / static_cast<double>(std::max<Index>(screen.conditions[c].cells, 1));
    }
    const double scale =
        std::accumulate(noise.begin(), noise.end(), 0.0) / std::accumulate(relative.begin(), relative.end(), 0.0);
    for (double& r : relative) {
        r *= scale;
    }
    return relative;
}

std::vector<double> pair_weights(const Screen& screen, const Pairs& pairs, PairWeights kind,
                                 const std::vector<double>& effect, const std::vector<double>& noise) {
    const std::size_t n = pairs.conditions.size();
    std::vector<double> weights(n, 1.0);
    if (kind == PairWeights::cells) {
        for (std::size_t p = 0; p < n; ++p) {
            weights[p] = static_cast<double>(screen.conditions[static_cast<std::size_t>(pairs.conditions[p])].cells);
        }
    } else if (kind == PairWeights::noise) {
        const double mean_effect = std::accumulate(effect.begin(), effect.end(), 0.0) / static_cast<double>(n);
        const double mean_noise = std::accumulate(noise.begin(), noise.end(), 0.0) / static_cast<double>(n);
        const double signal = std::max(mean_effect - mean_noise, 0.05 * mean_effect + 1e-12);
        for (std::size_t p = 0; p < n; ++p) {
            weights[p] = 1.0 / (signal + noise[p]);
        }
    }
    const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(n);
    for (double& w : weights) {
        w /= mean;
    }
    return weights;
}

}  // namespace lazynet::train
