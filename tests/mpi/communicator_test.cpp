#include "lazynet/mpi/communicator.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "lazynet/mpi/node_sum.hpp"
#include "message_of.hpp"

namespace lazynet::mpi {
namespace {

TEST(Communicator, GathersInRankOrderWithDifferentLengths) {
    const auto world = Communicator::world();
    const std::vector<double> mine(static_cast<std::size_t>(world.rank()), world.rank());
    std::vector<double> expected;
    for (int r = 0; r < world.size(); ++r) {
        expected.insert(expected.end(), static_cast<std::size_t>(r), r);
    }
    EXPECT_EQ(world.gather(mine), expected);
}

TEST(Communicator, ExchangeDeliversEveryMessageToItsRank) {
    const auto world = Communicator::world();
    std::vector<std::vector<std::byte>> to;
    for (int r = 0; r < world.size(); ++r) {
        to.emplace_back(static_cast<std::size_t>(10 * world.rank() + r), static_cast<std::byte>(world.rank()));
    }
    const auto from = world.exchange(to);
    for (int r = 0; r < world.size(); ++r) {
        const std::vector<std::byte> expected(static_cast<std::size_t>(10 * r + world.rank()),
                                              static_cast<std::byte>(r));
        EXPECT_EQ(from[static_cast<std::size_t>(r)], expected);
    }
}

TEST(Communicator, TogetherMakesOneErrorOfOneRanksFailure) {
    const auto world = Communicator::world();
    const int failing = world.size() - 1;
    const std::string message = message_of<AgreedError>([&] {
        world.together([&] {
            if (world.rank() == failing) {
                throw UserError("no such gene");
            }
        });
    });
    const std::string prefix = world.size() == 1 ? "" : "rank " + std::to_string(failing) + ": ";
    EXPECT_EQ(message, prefix + "no such gene");
    EXPECT_NO_THROW(world.together([] {}));
}

TEST(Communicator, OnRootRunsThereAloneAndNamesNoRank) {
    const auto world = Communicator::world();
    int runs = 0;
    world.on_root([&] { ++runs; });
    EXPECT_EQ(runs, world.is_root() ? 1 : 0);
    for (const char* text : {"no such file", ""}) {
        EXPECT_EQ(message_of<AgreedError>([&] { world.on_root([&] { throw UserError(text); }); }), text);
    }
}

TEST(Communicator, BroadcastsTextOfAnyLength) {
    const auto world = Communicator::world();
    EXPECT_EQ(world.broadcast(world.is_root() ? std::string(100000, 'x') : "y"), std::string(100000, 'x'));
}

TEST(Communicator, SumsLongIntegerArraysInPlace) {
    const auto world = Communicator::world();
    std::vector<std::int64_t> values(300000);
    std::iota(values.begin(), values.end(), world.rank());
    world.sum_in_place(values);
    const std::int64_t ranks = world.size();
    EXPECT_EQ(values[0], ranks * (ranks - 1) / 2);
    EXPECT_EQ(values[299999], ranks * 299999 + ranks * (ranks - 1) / 2);
}

/// Pieces of several lengths, the last a short one.
constexpr std::size_t kVeryLong = (std::size_t{1} << 22) + 12345;

std::vector<std::int64_t> numbers_of(const Communicator& world) {
    std::vector<std::int64_t> values(kVeryLong);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<std::int64_t>(i) * (world.rank() + 1) - 7 * world.rank();
    }
    return values;
}

void expect_sums(const Communicator& world, const std::vector<std::int64_t>& values) {
    const std::int64_t ranks = world.size();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto expected = static_cast<std::int64_t>(i) * ranks * (ranks + 1) / 2 - 7 * ranks * (ranks - 1) / 2;
        wrong += values[i] == expected ? 0U : 1U;
    }
    EXPECT_EQ(wrong, 0U);
}

TEST(Communicator, SumsVeryLongIntegerArraysInPlace) {
    const auto world = Communicator::world();
    auto values = numbers_of(world);
    static_assert(kVeryLong > kNodeSumValues);
    world.sum_in_place(values);
    expect_sums(world, values);
}

/// Nodes are made up: the last rank is on one of its own.
TEST(Communicator, SumsWithinAndBetweenNodes) {
    const auto world = Communicator::world();
    const bool alone = world.size() > 1 && world.rank() + 1 == world.size();
    auto values = numbers_of(world);
    const auto before = values;
    const bool summed = node_sum(world, world.split(alone ? 1 : 0), values);
    EXPECT_EQ(summed, world.size() > kNodeSumRanks);
    if (summed) {
        expect_sums(world, values);
    } else {
        EXPECT_EQ(values, before);
    }
}

}  // namespace
}  // namespace lazynet::mpi
