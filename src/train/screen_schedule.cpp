#include "lazynet/train/screen_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "lazynet/core/error.hpp"

namespace lazynet::train {
namespace {

/// Seconds of a core, about: per stored value read and averaged, per multiplication of a training step, per value of
/// the consensus and its statistics over replicas, per screen.
constexpr double kPerEntry = 3e-8;
constexpr double kPerStep = 3e-10;
constexpr double kPerConsensusValue = 2e-9;
constexpr double kPerScreen = 0.05;
/// Fits of a shard on top of its training, while a penalty is looked for.
constexpr double kPenaltyTrials = 1.5;
/// What several ranks lose by waiting for each other, as a share of the work.
constexpr double kTogether = 0.1;
/// Numbers of groups that are all tried; beyond this they double.
constexpr Index kTriedAll = 64;

/// Work per rank of a group of so many ranks.
double work_of(const ScreenGroup& group, const std::vector<ScreenCost>& costs, Index ranks) {
    double work = 0.0;
    for (const Index s : group.screens) {
        const ScreenCost& cost = costs[static_cast<std::size_t>(s)];
        const auto used = static_cast<double>(std::min(ranks, std::max<Index>(1, cost.shards)));
        work += cost.work / used * (used > 1.0 ? 1.0 + kTogether : 1.0);
    }
    return work;
}

/// Screens onto so many groups, the longest first, each where least is to be done.
std::vector<ScreenGroup> packed(const std::vector<Index>& order, const std::vector<ScreenCost>& costs, Index count) {
    std::vector<ScreenGroup> groups(static_cast<std::size_t>(count));
    using Load = std::pair<double, std::size_t>;
    std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        loads.emplace(0.0, g);
    }
    for (const Index s : order) {
        const auto [load, g] = loads.top();
        loads.pop();
        groups[g].screens.push_back(s);
        loads.emplace(load + costs[static_cast<std::size_t>(s)].work, g);
    }
    return groups;
}

/// One rank for every group, and each further one where most is to be done and it helps.
void give_ranks(const std::vector<ScreenCost>& costs, Index ranks, std::vector<ScreenGroup>& groups) {
    std::vector<Index> sizes(groups.size(), 1);
    std::priority_queue<std::pair<double, std::size_t>> loads;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        groups[g].work = work_of(groups[g], costs, 1);
        loads.emplace(groups[g].work, g);
    }
    // Two ranks take less time than one whatever working together costs, so the longest group is always helped first;
    // ranks left over when no group can use them go to the last one.
    auto left = ranks - static_cast<Index>(groups.size());
    for (; left > 0 && !loads.empty(); --left) {
        const std::size_t g = loads.top().second;
        loads.pop();
        const double better = work_of(groups[g], costs, sizes[g] + 1);
        if (better < groups[g].work) {
            ++sizes[g];
            groups[g].work = better;
            loads.emplace(better, g);
        } else {
            ++left;  // this group is not looked at again
        }
    }
    sizes.back() += left;
    Index at = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        groups[g].ranks = {at, at + sizes[g]};
        at += sizes[g];
    }
}

double longest(const std::vector<ScreenGroup>& groups) {
    double work = 0.0;
    for (const ScreenGroup& group : groups) {
        work = std::max(work, group.work);
    }
    return work;
}

}  // namespace

ScreenCost screen_cost(const ScreenFacts& facts, const TrainConfig& config) {
    const auto genes = static_cast<double>(config.hvg > 0 ? std::min(config.hvg, facts.genes) : facts.genes);
    const auto conditions = static_cast<double>(facts.conditions);
    const auto regulators = static_cast<double>(facts.regulators);
    const auto replicas = static_cast<double>(config.replicas);
    const auto hidden = static_cast<double>(config.hidden_sums + config.hidden_products);
    const bool cells = config.pairs == PairMode::cells;
    const double pairs = cells ? static_cast<double>(facts.cells) : conditions;
    const double fits = config.l2 < 0.0 ? 1.0 + kPenaltyTrials : 1.0;
    // Forward, backward and the sum over inputs; a cell's inputs are its stored genes.
    const double inputs = cells ? facts.entries / std::max(1.0, pairs) : 2.0;
    const double blocks = static_cast<double>(config.blocks_for(facts.genes));
    const double step = 3.0 * hidden * (genes + inputs * blocks);
    const double fit = config.fit == Fit::closed ? 8.0 * conditions * hidden * genes + conditions * conditions * genes
                                                 : static_cast<double>(config.epochs) * fits * pairs * step;
    ScreenCost cost;
    cost.work = kPerScreen + kPerEntry * facts.entries + kPerStep * replicas * fit +
                kPerConsensusValue * (replicas + 4.0) * genes * std::max(regulators, cells ? genes : 1.0);
    cost.shards = config.replicas * config.blocks_for(facts.genes);
    return cost;
}

Index ScreenSchedule::group_of(int rank) const {
    const auto at = std::find_if(groups.begin(), groups.end(),
                                 [&](const ScreenGroup& g) { return g.ranks.contains(static_cast<Index>(rank)); });
    return at - groups.begin();
}

double ScreenSchedule::balance() const {
    double sum = 0.0;
    for (const ScreenGroup& group : groups) {
        sum += group.work * static_cast<double>(group.ranks.size());
    }
    const double most = longest(groups);
    return most > 0.0 && !groups.empty() ? sum / (most * static_cast<double>(groups.back().ranks.end)) : 1.0;
}

ScreenSchedule schedule_screens(const std::vector<ScreenCost>& costs, int ranks) {
    if (costs.empty() || ranks < 1) {
        throw InternalError("a schedule needs screens and ranks");
    }
    std::vector<Index> order(costs.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
        return costs[static_cast<std::size_t>(a)].work > costs[static_cast<std::size_t>(b)].work;
    });
    const Index most = std::min(static_cast<Index>(costs.size()), static_cast<Index>(ranks));
    ScreenSchedule best;
    double end = std::numeric_limits<double>::infinity();
    for (Index count = most; count >= 1; count = count > kTriedAll ? std::max(kTriedAll, count / 2) : count - 1) {
        std::vector<ScreenGroup> groups = packed(order, costs, count);
        give_ranks(costs, ranks, groups);
        if (longest(groups) < end) {  // of equals the one with most groups: ranks then wait for each other less
            end = longest(groups);
            best.groups = std::move(groups);
        }
    }
    return best;
}

}  // namespace lazynet::train
