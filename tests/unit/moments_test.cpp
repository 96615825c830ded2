#include "lazynet/kernels/moments.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "lazynet/kernels/normalize.hpp"

namespace lazynet {
namespace {

TEST(Moments, AddsSumsAndSquaresByHand) {
    std::vector<Moments> row(3);
    const std::array<std::uint8_t, 2> gaps = {0, 2};
    add_values(gaps, std::array{1.5F, 2.0F}, row.data());
    add_values(gaps, std::array{0.5F, 20.0F}, row.data());
    std::array<float, 3> mean{};
    std::array<float, 3> variance{};
    finish_moments(row, 4, mean, variance);
    EXPECT_EQ(mean, (std::array{0.5F, 0.0F, 5.5F}));
    EXPECT_EQ(variance, (std::array{0.5F, 0.0F, 283.0F / 3}));
}

TEST(Moments, HasNoVarianceWithFewerThanTwoCells) {
    std::vector<Moments> row(1);
    const std::array<std::uint8_t, 1> gap = {0};
    add_values(gap, std::array{0.7F}, row.data());
    std::array<float, 1> mean{};
    std::array<float, 1> variance{};
    finish_moments(row, 1, mean, variance);
    EXPECT_FLOAT_EQ(mean[0], 0.7F);
    EXPECT_EQ(variance[0], 0.0F);
    finish_moments(row, 0, mean, variance);
    EXPECT_EQ(mean[0], 0.0F);
}

TEST(Moments, KeepsSmallVariancesBesideLargeMeans) {
    std::vector<Moments> row(1);
    const std::array<std::uint8_t, 1> gap = {0};
    const int cells = 1000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < cells; ++i) {
        const float x = 3.0F + 0.001F * static_cast<float>(i % 10);
        add_values(gap, std::array{x}, row.data());
        sum += static_cast<double>(x);
        squares += static_cast<double>(x) * static_cast<double>(x);
    }
    std::array<float, 1> mean{};
    std::array<float, 1> variance{};
    finish_moments(row, cells, mean, variance);
    const double expected = (squares - sum * sum / cells) / (cells - 1);  // 8.3e-6, of squares around 9
    EXPECT_NEAR(static_cast<double>(variance[0]), expected, 1e-3 * expected);
}

/// Counts by table (many entries), by value (few) and through normalize_rows: three ways, one result.
TEST(Moments, CountsGiveTheBitsOfTheirNormalisedValues) {
    for (const std::size_t n : {3U, 20U, 300U, 1000U}) {
        std::vector<std::uint8_t> gaps;
        std::vector<std::uint8_t> counts;
        std::vector<float> values;
        for (std::size_t i = 0; i < n; ++i) {
            gaps.push_back(i == 0 ? 0 : 2);
            counts.push_back(static_cast<std::uint8_t>(i % 256));
            values.push_back(static_cast<float>(counts.back()));
        }
        const std::array<std::int64_t, 2> offsets = {0, static_cast<std::int64_t>(n)};
        std::array<float, 1> scale{};
        EXPECT_EQ(check_rows(offsets, values, Normalization::counts, scale), -1);
        EXPECT_EQ(normalize_rows(offsets, values, Normalization::counts), -1);
        std::vector<Moments> by_count(2 * n);
        std::vector<Moments> by_value(2 * n);
        add_counts(gaps, counts, scale[0], n < 256 ? static_cast<std::uint8_t>(n - 1) : 255, by_count.data());
        add_values(gaps, values, by_value.data());
        for (std::size_t g = 0; g < 2 * n; ++g) {
            ASSERT_EQ(by_count[g].sum, by_value[g].sum) << n << ' ' << g;
            ASSERT_EQ(by_count[g].squares, by_value[g].squares) << n << ' ' << g;
        }
    }
}

}  // namespace
}  // namespace lazynet
