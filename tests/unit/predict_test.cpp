#include <gtest/gtest.h>

#include <limits>

#include "lazynet/predict/interactions.hpp"
#include "lazynet/predict/predictions.hpp"
#include "lazynet/predict/requests.hpp"

namespace lazynet::predict {
namespace {

TEST(PairList, NumbersAllPairsOnceInOrder) {
    const PairList list = PairList::all_of(7);
    ASSERT_EQ(list.size(), 21);
    std::vector<std::pair<Index, Index>> expected;
    for (Index i = 0; i < 7; ++i) {
        for (Index j = i + 1; j < 7; ++j) {
            expected.emplace_back(i, j);
        }
    }
    EXPECT_EQ(list.part({0, 21}), expected);
    for (Index begin = 0; begin < 21; ++begin) {
        for (Index end = begin; end <= 21; ++end) {
            EXPECT_EQ(list.part({begin, end}), std::vector(expected.begin() + begin, expected.begin() + end));
        }
    }
    EXPECT_EQ(PairList::all_of(1).size(), 0);
    EXPECT_TRUE(PairList::all_of(1).part({0, 0}).empty());
}

TEST(PairList, KeepsAListAsItIs) {
    const PairList list({{4, 2}, {0, 1}, {4, 2}});
    EXPECT_EQ(list.size(), 3);
    EXPECT_EQ(list.part({1, 3}), (std::vector<std::pair<Index, Index>>{{0, 1}, {4, 2}}));
}

TEST(ClosestNames, AreTheLeastDifferentOnesWhateverTheirCase) {
    const std::vector<std::string> names = {"MYC", "MYCN", "TP53", "TP63", "TP53BP1"};
    EXPECT_EQ(closest_names("tp54", names, 3), (std::vector<std::string>{"TP53"}));
    EXPECT_EQ(closest_names("TP3", names, 3), (std::vector<std::string>{"TP53", "TP63"}));
    EXPECT_EQ(closest_names("TP3", names, 1), (std::vector<std::string>{"TP53"}));
    EXPECT_EQ(closest_names("myc", names, 2), (std::vector<std::string>{"MYC", "MYCN"}));
    EXPECT_TRUE(closest_names("GATA1", names, 3).empty());
}

TEST(Trust, FollowsTheShareOfTheChangeThatIsExpectedToBeExplained) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    EXPECT_DOUBLE_EQ(expected_r2(3.0, 1.0), 0.75);
    EXPECT_TRUE(std::isnan(expected_r2(3.0, 0.0)));
    for (const Ground ground : {Ground::trained, Ground::combination, Ground::partly, Ground::embedded}) {
        EXPECT_EQ(trust_of(ground, 0.5, true), Trust::high);
        EXPECT_EQ(trust_of(ground, 0.49, true), Trust::fair);
        EXPECT_EQ(trust_of(ground, 0.2, true), Trust::fair);
        EXPECT_EQ(trust_of(ground, 0.19, true), Trust::low);
        EXPECT_EQ(trust_of(ground, 0.9, false), ground == Ground::trained ? Trust::high : Trust::fair);
        EXPECT_EQ(trust_of(ground, kNone, true), ground == Ground::trained ? Trust::fair : Trust::low);
    }
    EXPECT_EQ(trust_of(Ground::unknown, 0.9, true), Trust::low);
    EXPECT_EQ(trust_of(Ground::unknown, kNone, true), Trust::low);
}

TEST(Request, IsLabelledByItsGenes) {
    EXPECT_EQ((Request{{"A"}}.label()), "A");
    EXPECT_EQ((Request{{"A", "B", "C"}}.label()), "A+B+C");
}

}  // namespace
}  // namespace lazynet::predict
