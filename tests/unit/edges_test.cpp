#include "lazynet/io/edges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lazynet/core/random.hpp"

namespace lazynet::io {
namespace {

/// Many ties on purpose: few values, and every regulator-target pair once.
std::vector<Edge> edges(Index targets, Index regulators) {
    const Random random(3, "edges");
    std::vector<Edge> all;
    for (Index i = 0; i < targets; ++i) {
        for (Index j = 0; j < regulators; ++j) {
            const auto c = static_cast<std::uint64_t>(i * regulators + j);
            all.push_back({j, i, static_cast<float>(random.below(4 * c, 9) - 4),
                           static_cast<float>(random.below(4 * c + 1, 4)), 0.5F, 1.0F});
        }
    }
    return all;
}

TEST(EdgeOrder, PutsCertainEdgesFirstAndUnknownCertaintyLast) {
    const Edge sure{1, 1, 0.5F, 0.1F, 1, 1};
    const Edge unsure{1, 2, -9, 8, 1, 1};
    const Edge unknown_strong{1, 3, 100, 0, 1, 1};
    const Edge unknown_weak{1, 0, -1, 0, 1, 1};
    std::vector<Edge> list = {unknown_weak, unsure, unknown_strong, sure};
    std::sort(list.begin(), list.end(), comes_before);
    EXPECT_EQ(list, (std::vector<Edge>{sure, unsure, unknown_strong, unknown_weak}));
    EXPECT_EQ(certainty(unknown_strong), 0);
    EXPECT_NEAR(certainty(sure), 5, 1e-6);
}

TEST(EdgeOrder, BreaksTiesByStrengthThenTargetThenRegulator) {
    const Edge strong{5, 5, -2, 1, 1, 1};
    const Edge weak_by_scale{0, 0, 1, 0.5F, 1, 1};  // the same certainty
    const Edge early_target{9, 1, 1, 1, 1, 1};
    const Edge late_target{0, 2, -1, 1, 1, 1};
    const Edge late_regulator{1, 2, 1, 1, 1, 1};
    std::vector<Edge> list = {late_regulator, weak_by_scale, late_target, early_target, strong};
    std::sort(list.begin(), list.end(), comes_before);
    EXPECT_EQ(list, (std::vector<Edge>{strong, weak_by_scale, early_target, late_target, late_regulator}));
}

TEST(EdgeOrder, CountsNotANumberAsNothing) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Edge broken{0, 0, nan, 1, 1, 1};
    const Edge broken_sd{0, 1, 1, nan, 1, 1};
    const Edge weak{0, 2, 0.001F, 1, 1, 1};
    EXPECT_EQ(certainty(broken), 0);
    EXPECT_EQ(certainty(broken_sd), 0);
    EXPECT_TRUE(comes_before(weak, broken));
    EXPECT_TRUE(comes_before(weak, broken_sd));
    EXPECT_FALSE(comes_before(broken, broken_sd));
}

TEST(TopEdges, KeepsWhatSortingAllWouldPutFirst) {
    std::vector<Edge> all = edges(200, 100);
    std::vector<Edge> sorted = all;
    std::sort(sorted.begin(), sorted.end(), comes_before);
    for (const std::size_t capacity :
         {std::size_t{0}, std::size_t{1}, std::size_t{50}, std::size_t{5000}, all.size(), 2 * all.size()}) {
        for (const bool backwards : {false, true}) {  // worst first: every cut matters
            if (backwards) {
                all.assign(sorted.rbegin(), sorted.rend());
            }
            TopEdges top(capacity);
            std::for_each(all.begin(), all.end(), [&](const Edge& e) { top.add(e); });
            const std::size_t n = capacity == 0 ? all.size() : std::min(capacity, all.size());
            EXPECT_EQ(top.take(), std::vector<Edge>(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(n)));
            EXPECT_TRUE(top.take().empty());
        }
    }
}

}  // namespace
}  // namespace lazynet::io
