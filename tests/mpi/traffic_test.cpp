#include "lazynet/mpi/traffic.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/timings.hpp"

namespace lazynet::mpi {
namespace {

template <typename Work>
Traffic traffic_of(const Work& work) {
    const Traffic before = traffic();
    work();
    return traffic() - before;
}

TEST(Traffic, CountsWhatThisRankHandsToEveryCall) {
    const auto world = Communicator::world();
    const std::vector<double> mine(static_cast<std::size_t>(world.rank()), 1.0);
    const std::int64_t own = std::int64_t{8} * world.rank();

    const Traffic sum = traffic_of([&] { (void)world.sum(std::int64_t{1}); });
    EXPECT_EQ(sum.calls, 1);
    EXPECT_EQ(sum.bytes, 8);

    const Traffic gather = traffic_of([&] { (void)world.gather(mine); });
    EXPECT_EQ(gather.calls, 2);  // lengths, then values
    EXPECT_EQ(gather.bytes, 4 + own);

    std::vector<std::byte> bytes(1000);
    const Traffic broadcast = traffic_of([&] { world.broadcast(bytes); });
    EXPECT_EQ(broadcast.bytes, world.is_root() ? 1000 : 0);

    const std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world.size()), bytes);
    const Traffic exchange = traffic_of([&] { (void)world.exchange(to); });
    EXPECT_EQ(exchange.bytes, 8 * world.size() + 1000 * (world.size() - 1));  // lengths; nothing is sent to oneself

    EXPECT_EQ(traffic_of([&] { world.barrier(); }).calls, 1);
    EXPECT_EQ(traffic_of([] {}).calls, 0);
}

TEST(Traffic, CountsTheBytesOfALongSum) {
    const auto world = Communicator::world();
    std::vector<std::int64_t> values(700000, world.rank());
    const Traffic sum = traffic_of([&] { world.sum_in_place(values); });
    EXPECT_GE(sum.bytes, 8 * 700000 / world.size());
    EXPECT_LE(sum.bytes, 2 * 8 * 700000);
    EXPECT_GT(sum.seconds, 0.0);
}

TEST(Traffic, NamesTheCallInProgressAndTimesOnlyTheOuterOne) {
    EXPECT_EQ(call_in_progress(), nullptr);
    const auto nap = [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
    const auto start = std::chrono::steady_clock::now();
    const Traffic both = traffic_of([&] {
        const CountedCall outer("outer", 10);
        EXPECT_STREQ(call_in_progress(), "outer");
        {
            const CountedCall inner("inner", 5);
            EXPECT_STREQ(call_in_progress(), "inner");
            nap();
        }
        EXPECT_STREQ(call_in_progress(), "outer");
    });
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EXPECT_EQ(call_in_progress(), nullptr);
    EXPECT_EQ(both.calls, 2);
    EXPECT_EQ(both.bytes, 15);
    EXPECT_GE(both.seconds, 0.03);
    EXPECT_LE(both.seconds, passed);  // once, not twice
}

TEST(Traffic, GathersTextsInRankOrder) {
    const auto world = Communicator::world();
    std::vector<std::string> expected;
    for (int r = 0; r < world.size(); ++r) {
        expected.emplace_back(static_cast<std::size_t>(r), 'x');
    }
    EXPECT_EQ(world.gather(std::string(static_cast<std::size_t>(world.rank()), 'x')), expected);
}

}  // namespace
}  // namespace lazynet::mpi

namespace lazynet::train {
namespace {

TEST(Timings, KeepEveryRanksCommunicationByPhase) {
    const auto world = mpi::Communicator::world();
    Timings timings;
    timings.start("talk");
    (void)world.gather(std::vector<double>(static_cast<std::size_t>(world.rank()), 1.0));
    timings.start("wait");
    if (world.is_root()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    world.barrier();
    timings.start("work");
    const auto phases = timings.over_ranks(world);

    const std::int64_t size = world.size();
    ASSERT_EQ(phases.size(), 3U);
    EXPECT_EQ(phases[0].name, "talk");
    EXPECT_EQ(phases[0].mpi.calls, 2);
    EXPECT_EQ(phases[0].mpi.bytes, 4 + 8 * (size - 1));
    EXPECT_EQ(phases[0].mpi_all, 4 * size + 8 * size * (size - 1) / 2);
    EXPECT_GE(phases[1].seconds, 0.2);
    EXPECT_GT(phases[1].peak_bytes, 1e6);
    EXPECT_EQ(phases[2].mpi.calls, 0);
    EXPECT_EQ(phases[2].mpi_all, 0);
    if (world.size() > 1) {
        EXPECT_GE(phases[1].mpi.seconds, 0.1);  // of those that waited
    }
    for (const Timings::Phase& phase : phases) {
        EXPECT_EQ(phase.ranks.size(), world.is_root() ? static_cast<std::size_t>(size) : 0U);
    }
    if (world.is_root()) {
        EXPECT_GE(phases[1].ranks[0].own_seconds(), 0.19);
        EXPECT_FALSE(phases[1].ranks[0].host.empty());
        for (std::int64_t r = 0; r < size; ++r) {
            EXPECT_EQ(phases[0].ranks[static_cast<std::size_t>(r)].mpi.bytes, 4 + 8 * r);
        }
    }
}

TEST(Straggler, IsFarFromTheMedianRankInItsOwnWork) {
    const auto rank = [](double seconds, double in_mpi) {
        return Timings::RankShare{"", seconds, 0.0, {0, 0, in_mpi}};
    };
    const std::vector<Timings::RankShare> slow{rank(10, 9), rank(10, 8.5), rank(10, 0.5), rank(10, 9.5)};
    EXPECT_EQ(straggler(slow), 2U);
    const std::vector<Timings::RankShare> two{rank(10, 1), rank(10, 8)};
    EXPECT_EQ(straggler(two), 0U);
    const std::vector<Timings::RankShare> even{rank(10, 1), rank(11, 1), rank(10, 0.5)};
    EXPECT_FALSE(straggler(even));
    const std::vector<Timings::RankShare> brief{rank(0.1, 0.09), rank(0.1, 0.09), rank(0.1, 0.0)};
    EXPECT_FALSE(straggler(brief));
    EXPECT_FALSE(straggler(std::vector<Timings::RankShare>{rank(10, 0)}));
    EXPECT_FALSE(straggler({}));
}

}  // namespace
}  // namespace lazynet::train
