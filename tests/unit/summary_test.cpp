#include "lazynet/eval/summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazynet/core/random.hpp"

namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

MatrixD normal_values(Index rows, Index cols) {
    const Random random(9, "values");
    MatrixD values(rows, cols);
    for (Index k = 0; k < values.size(); ++k) {
        values.data()[k] = 3.0 + 2.0 * random.normal(static_cast<std::uint64_t>(k));
    }
    return values;
}

TEST(Summaries, MeanAndMedianLeaveOutWhatIsNotDefined) {
    MatrixD values(5, 2);
    values << 1, kNaN, 2, kNaN, kNaN, kNaN, 4, kNaN, 9, kNaN;
    const auto summaries = summarise(values, Bootstrap{});
    EXPECT_EQ(summaries[0].rows, 4);
    EXPECT_DOUBLE_EQ(summaries[0].mean, 4.0);
    EXPECT_DOUBLE_EQ(summaries[0].median, 3.0);
    EXPECT_LE(summaries[0].low, summaries[0].mean);
    EXPECT_GE(summaries[0].high, summaries[0].mean);
    EXPECT_EQ(summaries[1].rows, 0);
    EXPECT_TRUE(std::isnan(summaries[1].mean) && std::isnan(summaries[1].low));
}

TEST(Summaries, TheIntervalIsThatOfTheNormalTheory) {
    const MatrixD values = normal_values(400, 1);
    Bootstrap bootstrap;
    bootstrap.rounds = 4000;
    const Summary summary = summarise(values, bootstrap)[0];
    const double deviation = std::sqrt((values.array() - values.mean()).square().sum() / 400.0);
    EXPECT_NEAR(summary.high - summary.low, 2.0 * 1.96 * deviation / 20.0, 0.04 * deviation / 20.0 * 4.0);
    EXPECT_NEAR(0.5 * (summary.high + summary.low), values.mean(), 0.1 * deviation / 20.0);
}

TEST(Summaries, TheSeedAloneDecidesTheDraws) {
    const MatrixD values = normal_values(50, 3);
    const auto once = summarise(values, Bootstrap{7, 200, 0.9});
    const auto alone = summarise(values.col(1), Bootstrap{7, 200, 0.9});
    EXPECT_DOUBLE_EQ(once[1].low, alone[0].low);  // whichever measures are beside it
    EXPECT_NE(once[1].low, summarise(values, Bootstrap{8, 200, 0.9})[1].low);
}

TEST(Summaries, RatiosAreOfSums) {
    MatrixD values(3, 2);
    values << 1, 2, 2, 8, 3, 10;
    const std::vector<Ratio> ratios = {{0, 1, false}, {0, 1, true}};
    const std::vector<Index> rows = {0, 1, 2};
    const auto summaries = summarise_ratios(values, ratios, rows, Bootstrap{});
    EXPECT_DOUBLE_EQ(summaries[0].value, 0.3);
    EXPECT_DOUBLE_EQ(summaries[1].value, 0.7);
    EXPECT_NEAR(summaries[0].low, 0.25, 0.02);  // no draw is below the second row alone
    EXPECT_NEAR(summaries[0].low, 1.0 - summaries[1].high, 1e-12);
    EXPECT_LE(summaries[0].high, 0.5);
    const std::vector<Index> first = {0};
    EXPECT_DOUBLE_EQ(summarise_ratios(values, ratios, first, Bootstrap{})[0].high, 0.5);
}

TEST(Groups, SizesFallWhereTheirNamesSay) {
    const std::vector<Index> genes = {0, 5, 6, 20, 21, 100, 101, 3000};
    const auto groups = group_by_significant(genes);
    ASSERT_EQ(groups.size(), 4U);
    EXPECT_EQ(groups[0].name, "0-5");
    EXPECT_EQ(groups[0].rows, (std::vector<Index>{0, 1}));
    EXPECT_EQ(groups[1].name, "6-20");
    EXPECT_EQ(groups[1].rows, (std::vector<Index>{2, 3}));
    EXPECT_EQ(groups[2].name, "21-100");
    EXPECT_EQ(groups[2].rows, (std::vector<Index>{4, 5}));
    EXPECT_EQ(groups[3].name, ">100");
    EXPECT_EQ(groups[3].rows, (std::vector<Index>{6, 7}));
}

TEST(Groups, EmptyOnesAndRowsWithoutALabelAreLeftOut) {
    EXPECT_EQ(group_by_cells(std::vector<Index>{30, 31}).size(), 1U);
    const auto groups = group_by("class", std::vector<std::string>{"b", "", "a", "b"});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].name, "b");
    EXPECT_EQ(groups[0].rows, (std::vector<Index>{0, 3}));
}

}  // namespace
}  // namespace lazynet::eval
