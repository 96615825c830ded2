#include "penalty.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "trial.hpp"

namespace lazynet::train {
namespace {

/// Shards tried: at least two replicas of up to three blocks, and six in all where there are as many.
constexpr Index kReplicasTried = 2;
constexpr Index kBlocksTried = 3;
constexpr Index kShardsTried = 6;
/// The search ends when this many penalties in a row were worse than the best by more than the tolerance.
constexpr Index kWorseInARow = 2;
/// A smaller penalty is preferred while its error is within this share of the least.
constexpr double kTolerance = 0.01;

}  // namespace

// Cell pairs carry the cells' own variation, whose spectrum lies far above that of the perturbations, so their grid
// reaches lower.
std::vector<double> penalty_grid(PairMode pairs) {
    return pairs == PairMode::pseudobulk ? std::vector<double>{1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015}
                                         : std::vector<double>{0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5};
}

bool is_tried(const Plan& plan, Index s) {
    const ShardId id = plan.shard(s);
    const Index blocks = std::min(kBlocksTried, plan.blocks());
    for (Index k = 0; k < blocks; ++k) {
        if (id.block == (2 * k + 1) * plan.blocks() / (2 * blocks)) {
            return id.replica < std::max(kReplicasTried, kShardsTried / blocks);
        }
    }
    return false;
}

double choose_penalty(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                      const PenaltyProbe& probe, Checkpoints& checkpoints, std::vector<PenaltyTrial>& trials,
                      Log& log) {
    const Range own = plan.shards_of(world.rank());
    std::vector<Index> mine;
    for (Index s = own.begin; s < own.end; ++s) {
        if (is_tried(plan, s)) {
            mine.push_back(s);
        }
    }
    const auto better = [](const PenaltyTrial& a, const PenaltyTrial& b) { return a.criterion < b.criterion; };
    Index worse = 0;
    for (const double share : penalty_grid(config.pairs)) {
        const auto number = static_cast<Index>(trials.size());
        const double error = settled(world, checkpoints, record_key("penalty", {number}), [&](const std::string& name) {
            const std::vector<double> errors = probe(mine, share, name);
            return mean_over_shards(world, errors);
        });
        trials.push_back({share, error});
        log.progress(fmt::format("penalty {:g}: validation error {:.4f} of no change", share, trials.back().criterion),
                     fmt::format("phase=penalty l2={:g} validation_error={:.5f}", share, trials.back().criterion));
        const double floor = std::min_element(trials.begin(), trials.end(), better)->criterion;
        worse = trials.back().criterion > (1.0 + kTolerance) * floor ? worse + 1 : 0;
        if (worse == kWorseInARow) {
            break;
        }
    }
    log.progress_done();
    const auto least = std::min_element(trials.begin(), trials.end(), better);
    // The grid descends: the last one that is about as good shrinks effects least.
    auto best = least;
    for (auto trial = least; trial != trials.end(); ++trial) {
        best = trial->criterion <= (1.0 + kTolerance) * least->criterion ? trial : best;
    }
    return config.bootstrap_cells && config.pairs == PairMode::pseudobulk ? best->share / std::numbers::sqrt2
                                                                          : best->share;
}

}  // namespace lazynet::train
