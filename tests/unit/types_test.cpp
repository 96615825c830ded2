#include "lazynet/core/types.hpp"

#include <gtest/gtest.h>

namespace lazynet {
namespace {

TEST(BlockOf, TilesTheRangeWithoutGapOrOverlap) {
    for (const Index total : {0, 1, 7, 100, 18000}) {
        for (const Index parts : {1, 2, 3, 8, 101}) {
            Index at = 0;
            for (Index i = 0; i < parts; ++i) {
                const Range range = block_of(total, parts, i);
                EXPECT_EQ(range.begin, at);
                EXPECT_LE(range.size(), total / parts + 1);
                at = range.end;
            }
            EXPECT_EQ(at, total);
        }
    }
}

TEST(PartOf, IsTheInverseOfBlockOf) {
    for (const Index total : {1, 7, 100, 1801}) {
        for (const Index parts : {1, 2, 3, 8, 101}) {
            for (Index i = 0; i < total; ++i) {
                EXPECT_TRUE(block_of(total, parts, part_of(total, parts, i)).contains(i));
            }
        }
    }
}

}  // namespace
}  // namespace lazynet
