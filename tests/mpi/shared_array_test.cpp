#include "lazynet/mpi/shared_array.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lazynet::mpi {
namespace {

TEST(SharedArray, ShowsEveryRankWhatTheOthersWrote) {
    const auto world = Communicator::world();
    const Log log(world.is_root(), Log::Level::quiet);
    const auto group = sharing_group(world, 4096, log);
    EXPECT_EQ(group.size(), world.size());  // the tests run on one node
    SharedArray<std::int32_t> array(group, 1000);
    const Range mine = block_of(1000, group.size(), group.rank());
    for (Index i = mine.begin; i < mine.end; ++i) {
        array.values()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(3 * i);
    }
    array.publish(group);
    for (std::size_t i = 0; i < 1000; ++i) {
        ASSERT_EQ(array.values()[i], static_cast<std::int32_t>(3 * i));
    }
    group.barrier();
    if (group.is_root()) {
        array.values()[7] = -1;
    }
    array.publish(group);
    EXPECT_EQ(array.values()[7], -1);
}

TEST(SharedArray, MovesWithoutCopying) {
    const auto world = Communicator::world();
    SharedArray<double> a(world, 10);
    double* const at = a.values().data();
    SharedArray<double> b = std::move(a);
    EXPECT_EQ(b.values().data(), at);
    EXPECT_EQ(b.values().size(), 10U);
    a = SharedArray<double>(world, 0);
    EXPECT_TRUE(a.values().empty());
}

TEST(SharedArray, FallsBackToACopyPerRankWhereSharedMemoryIsTooSmall) {
    const auto world = Communicator::world();
    const Log log(world.is_root(), Log::Level::quiet);
    const auto group = sharing_group(world, std::size_t{1} << 50, log);
    EXPECT_EQ(group.size(), 1);
    SharedArray<int> array(group, 4);
    array.values()[0] = world.rank();
    array.publish(group);
    world.barrier();
    EXPECT_EQ(array.values()[0], world.rank());
}

TEST(SharedArray, DoesNotWaitForPeersWhileAnErrorIsOnItsWay) {
    const auto world = Communicator::world();
    try {
        const SharedArray<int> array(world, 4);
        if (world.rank() > 0) {
            world.barrier();  // rank 0 comes here after it has let go of its array
        }
        throw std::runtime_error("alone");
    } catch (const std::runtime_error&) {
    }
    if (world.rank() > 0) {
        return;
    }
    world.barrier();
}

}  // namespace
}  // namespace lazynet::mpi
