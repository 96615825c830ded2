#include "lazynet/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace lazynet {
namespace {

TEST(Random, DependsOnSeedStreamIdsAndCounterOnly) {
    const Random a(1, "cells", {2, 3});
    EXPECT_EQ(a.bits(7), Random(1, "cells", {2, 3}).bits(7));
    EXPECT_NE(a.bits(7), Random(2, "cells", {2, 3}).bits(7));
    EXPECT_NE(a.bits(7), Random(1, "genes", {2, 3}).bits(7));
    EXPECT_NE(a.bits(7), Random(1, "cells", {3, 2}).bits(7));
    EXPECT_NE(a.bits(7), a.bits(8));
}

TEST(Random, HasTheMomentsOfItsDistributions) {
    const Random r(5, "moments");
    const int n = 200000;
    double u = 0, g = 0, g2 = 0, e = 0;
    for (int i = 0; i < n; ++i) {
        const auto c = static_cast<std::uint64_t>(i);
        u += r.uniform(c);
        const double z = r.normal(c);
        g += z;
        g2 += z * z;
        e += r.exponential(c);
    }
    EXPECT_NEAR(u / n, 0.5, 0.004);
    EXPECT_NEAR(g / n, 0.0, 0.012);
    EXPECT_NEAR(g2 / n, 1.0, 0.02);
    EXPECT_NEAR(e / n, 1.0, 0.012);
}

TEST(Random, ShuffleIsAPermutationAndBelowStaysBelow) {
    std::vector<std::int64_t> items(100);
    std::iota(items.begin(), items.end(), 0);
    auto shuffled = items;
    Random(3, "shuffle").shuffle(shuffled);
    EXPECT_NE(shuffled, items);
    std::sort(shuffled.begin(), shuffled.end());
    EXPECT_EQ(shuffled, items);
    std::vector<int> seen(7);
    for (std::uint64_t c = 0; c < 7000; ++c) {
        ++seen[static_cast<std::size_t>(Random(3, "below").below(c, 7))];
    }
    for (const int count : seen) {
        EXPECT_NEAR(count, 1000, 150);
    }
}

}  // namespace
}  // namespace lazynet
