#include "lazynet/train/cross_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lazynet::train {
namespace {

const CrossOptions kOptions;

CrossValue value(Index screen, double mean, double sd, double sign = 1.0) {
    return {screen, mean, sd, sign};
}

TEST(CrossStatistics, CombinesByInverseVariance) {
    const std::vector<CrossValue> values = {value(0, 1.0, 0.5), value(1, 2.0, 1.0), value(2, -0.5, 0.25)};
    const CrossEffect e = combine_screens(values, 3, kOptions);
    // Weights 4, 1, 16 by hand.
    EXPECT_NEAR(e.mean, (4.0 + 2.0 - 8.0) / 21.0, 1e-12);
    EXPECT_NEAR(e.sd, std::sqrt(1.0 / 21.0), 1e-12);
    double q = 0.0;
    for (const CrossValue& v : values) {
        q += std::pow((v.mean - e.mean) / v.sd, 2);
    }
    EXPECT_NEAR(e.q, q, 1e-12);
    EXPECT_NEAR(e.i2, (q - 2.0) / q, 1e-12);
    EXPECT_NEAR(e.evidence, std::sqrt(4.0 + 4.0 + 4.0), 1e-12);
    EXPECT_EQ(e.kind, CrossKind::uncertain);
}

TEST(CrossStatistics, SharedWhenTwoAreCertainOfTheSameSign) {
    const std::vector<CrossValue> values = {value(0, 1.0, 0.1), value(1, 0.5, 0.1), value(2, 0.0, 0.1)};
    const CrossEffect e = combine_screens(values, 3, kOptions);
    EXPECT_EQ(e.kind, CrossKind::shared);
    EXPECT_EQ(e.certain, 2);
    EXPECT_EQ(e.strongest, 0);
}

TEST(CrossStatistics, OppositeWhenSignsDiffer) {
    const std::vector<CrossValue> values = {value(0, 1.0, 0.1), value(1, -0.5, 0.1)};
    EXPECT_EQ(combine_screens(values, 2, kOptions).kind, CrossKind::opposite);
}

TEST(CrossStatistics, PrivateOnlyWhenTheOthersDiffer) {
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1), value(1, 0.0, 0.1)}, 2, kOptions).kind, CrossKind::own);
    // The other cannot tell: as likely the same effect as none.
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1), value(1, 0.5, 0.4)}, 2, kOptions).kind,
              CrossKind::unclear);
    // Nothing is stored of the other.
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1)}, 2, kOptions).kind, CrossKind::unclear);
    // All replicas of the other left the edge out.
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1), value(1, 0.0, 0.0)}, 2, kOptions).kind, CrossKind::own);
    const CrossEffect second = combine_screens(std::vector{value(0, 0.0, 0.1), value(3, 1.0, 0.1)}, 2, kOptions);
    EXPECT_EQ(second.kind, CrossKind::own);
    EXPECT_EQ(second.strongest, 3);
}

TEST(CrossStatistics, UntestableElsewhereAndUnknownCertainty) {
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1)}, 1, kOptions).kind, CrossKind::untestable);
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.0)}, 1, kOptions).kind, CrossKind::uncertain);
    EXPECT_EQ(combine_screens(std::vector{value(0, 1.0, 0.1, 0.6)}, 1, kOptions).kind, CrossKind::uncertain);
    EXPECT_EQ(combine_screens({}, 0, kOptions).estimable, 0);
}

TEST(CrossStatistics, CorrelationIsPearsons) {
    CrossMoments moments;
    const double x[] = {1.0, 2.0, 3.0, 5.0};
    const double y[] = {2.0, 1.0, 4.0, 7.0};
    for (int k = 0; k < 4; ++k) {
        moments.add(x[k], y[k]);
    }
    EXPECT_NEAR(moments.correlation(), 0.9221389, 1e-6);  // numpy.corrcoef
    EXPECT_TRUE(std::isnan(CrossMoments{}.correlation()));
}

}  // namespace
}  // namespace lazynet::train
