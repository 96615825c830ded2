#include "lazynet/mpi/bell.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace lazynet::mpi {
namespace {

int listen(Bell& bell) {
    int word = 0;
    for (int k = 0; k < 2000 && word == 0; ++k) {
        word = bell.heard();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return word;
}

TEST(Bell, AllOthersHearTheWordWithoutWaiting) {
    const auto world = Communicator::world();
    Bell bell(world);
    EXPECT_EQ(bell.heard(), 0);
    world.barrier();
    if (world.rank() == world.size() - 1) {
        bell.ring(10);
        bell.ring(12);  // ringing twice is ringing once
        EXPECT_EQ(bell.heard(), 0);
    } else {
        EXPECT_EQ(listen(bell), 10);
        EXPECT_EQ(bell.heard(), 10);
    }
    bell.silence();
}

TEST(Bell, WordsThatNobodyListenedToAreTakenIn) {
    const auto world = Communicator::world();
    Bell bell(world);
    bell.ring(world.rank() + 1);  // all at once
    bell.silence();
    const int word = bell.heard();
    EXPECT_EQ(word != 0, world.size() > 1);
    EXPECT_NE(word, world.rank() + 1);
    Bell another(world);
    EXPECT_EQ(another.heard(), 0);
    another.silence();
}

}  // namespace
}  // namespace lazynet::mpi
