#include "lazynet/train/screen_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

std::vector<ScreenCost> costs_of(const std::vector<double>& work, Index shards = 1000) {
    std::vector<ScreenCost> costs;
    for (const double w : work) {
        costs.push_back({w, shards});
    }
    return costs;
}

/// Every screen once, ranks tile.
void expect_whole(const ScreenSchedule& schedule, std::size_t screens, int ranks) {
    std::vector<Index> seen;
    Index at = 0;
    for (const ScreenGroup& group : schedule.groups) {
        EXPECT_EQ(group.ranks.begin, at);
        EXPECT_GE(group.ranks.size(), 1);
        at = group.ranks.end;
        seen.insert(seen.end(), group.screens.begin(), group.screens.end());
    }
    EXPECT_EQ(at, ranks);
    std::sort(seen.begin(), seen.end());
    std::vector<Index> all(screens);
    std::iota(all.begin(), all.end(), Index{0});
    EXPECT_EQ(seen, all);
}

double makespan(const ScreenSchedule& schedule) {
    double most = 0.0;
    for (const ScreenGroup& group : schedule.groups) {
        most = std::max(most, group.work);
    }
    return most;
}

TEST(ScreenSchedule, OneRankTrainsAllLongestFirst) {
    const auto schedule = schedule_screens(costs_of({1, 5, 3}), 1);
    ASSERT_EQ(schedule.groups.size(), 1u);
    EXPECT_EQ(schedule.groups[0].screens, (std::vector<Index>{1, 2, 0}));
    EXPECT_DOUBLE_EQ(schedule.balance(), 1.0);
}

TEST(ScreenSchedule, ALargeScreenGetsSeveralRanksAndTheOthersShareTheRest) {
    const auto schedule = schedule_screens(costs_of({60, 10, 10}), 8);
    expect_whole(schedule, 3, 8);
    const ScreenGroup& large = schedule.groups[static_cast<std::size_t>(schedule.group_of(0))];
    EXPECT_EQ(large.screens, (std::vector<Index>{0}));
    EXPECT_EQ(large.ranks.size(), 6);
    EXPECT_GT(schedule.balance(), 0.9);
}

TEST(ScreenSchedule, EqualScreensArePackedEvenly) {
    const auto schedule = schedule_screens(costs_of(std::vector<double>(12, 2.0)), 4);
    expect_whole(schedule, 12, 4);
    ASSERT_EQ(schedule.groups.size(), 4u);
    for (const ScreenGroup& group : schedule.groups) {
        EXPECT_EQ(group.screens.size(), 3u);
    }
    EXPECT_DOUBLE_EQ(schedule.balance(), 1.0);
}

TEST(ScreenSchedule, ASmallScreenDoesNotHoldARankOfItsOwnBesideALargeOne) {
    const auto schedule = schedule_screens(costs_of({10, 1}), 2);
    ASSERT_EQ(schedule.groups.size(), 1u);  // 5.5 each instead of 10 and 1
    EXPECT_EQ(schedule.groups[0].ranks.size(), 2);
}

TEST(ScreenSchedule, NoMoreRanksThanShards) {
    const auto schedule = schedule_screens(costs_of({100, 1}, 2), 8);
    expect_whole(schedule, 2, 8);
    EXPECT_NEAR(makespan(schedule), 55.0, 1e-9);
}

TEST(ScreenSchedule, RandomScreensEndWithinATenthOfPerfectBalance) {
    const Random random(4, "schedules");
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
        const int ranks = 1 + static_cast<int>(trial % 23);
        std::vector<double> work;
        for (std::uint64_t k = 0; k < 1 + trial % 37; ++k) {
            work.push_back(std::exp(2.0 * random.normal(100 * trial + k)));
        }
        const auto schedule = schedule_screens(costs_of(work), ranks);
        expect_whole(schedule, work.size(), ranks);
        const double total = std::accumulate(work.begin(), work.end(), 0.0);
        // With shards in plenty all ranks on one screen after the other is a schedule too.
        EXPECT_LE(makespan(schedule), 1.1 * total / ranks * (1.0 + 1e-9)) << trial;
        EXPECT_GE(makespan(schedule), total / ranks * (1.0 - 1e-9)) << trial;
        EXPECT_LE(schedule.balance(), 1.0 + 1e-9);
    }
}

TEST(ScreenSchedule, CostGrowsWithCellsGenesAndReplicas) {
    TrainConfig config;
    config.resolve();
    const ScreenFacts small{1e6, 1000, 2000, 100, 99};
    ScreenFacts large = small;
    large.entries = 1e8;
    EXPECT_GT(screen_cost(large, config).work, screen_cost(small, config).work);
    TrainConfig more = config;
    more.replicas = 30;
    EXPECT_GT(screen_cost(small, more).work, screen_cost(small, config).work);
    EXPECT_EQ(screen_cost(small, more).shards, 30);
}

}  // namespace
}  // namespace lazynet::train
