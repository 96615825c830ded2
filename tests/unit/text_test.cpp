#include "lazynet/core/text.hpp"

#include <gtest/gtest.h>

namespace lazynet {
namespace {

TEST(SizeText, IsForPeople) {
    EXPECT_EQ(size_text(1296000000), "1.30 GB");
    EXPECT_EQ(size_text(8388608), "8.4 MB");
    EXPECT_EQ(size_text(0), "0.0 kB");
}

TEST(Counted, HasOneAndMany) {
    EXPECT_EQ(counted(1, "rank"), "1 rank");
    EXPECT_EQ(counted(0, "rank"), "0 ranks");
    EXPECT_EQ(counted(12, "gene"), "12 genes");
}

}  // namespace
}  // namespace lazynet
