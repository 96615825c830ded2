#include "lazynet/mpi/communicator.hpp"

#include <gtest/gtest.h>

#include <numeric>

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

}  // namespace
}  // namespace lazynet::mpi
