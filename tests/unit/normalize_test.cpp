#include "lazynet/kernels/normalize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

struct Rows {
    std::vector<std::int64_t> offsets{0};
    std::vector<float> values;
};

/// Rows of 0, 1, ... entries, so every tail length and alignment occurs; sparse large counts among small ones.
Rows ragged_counts(Index rows, std::uint64_t seed) {
    const Random random(seed, "counts");
    Rows made;
    std::uint64_t at = 0;
    for (Index r = 0; r < rows; ++r) {
        for (Index i = 0; i < r; ++i, ++at) {
            made.values.push_back(static_cast<float>(random.below(at, at % 17 == 0 ? 100000 : 4)));
        }
        made.offsets.push_back(static_cast<std::int64_t>(made.values.size()));
    }
    return made;
}

std::vector<double> naive(const Rows& rows) {
    std::vector<double> out;
    for (std::size_t r = 0; r + 1 < rows.offsets.size(); ++r) {
        double total = 0;
        for (auto i = rows.offsets[r]; i < rows.offsets[r + 1]; ++i) {
            total += static_cast<double>(rows.values[static_cast<std::size_t>(i)]);
        }
        for (auto i = rows.offsets[r]; i < rows.offsets[r + 1]; ++i) {
            const double v = static_cast<double>(rows.values[static_cast<std::size_t>(i)]);
            out.push_back(total > 0 ? std::log1p(v / total * 1e4) : 0.0);
        }
    }
    return out;
}

TEST(Log1p, AgreesWithTheNaiveTwinToOneEpsilonOverTheWholeRange) {
    std::vector<float> x;
    for (float v = 1e-38F; v < 1e37F; v *= 1.0007F) {
        x.push_back(v);
    }
    std::vector<float> y = x;
    log1p_in_place(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double exact = std::log1p(static_cast<double>(x[i]));
        ASSERT_NEAR(static_cast<double>(y[i]), exact, 1.2e-7 * exact) << x[i];
    }
    std::vector<float> zero{0.0F};
    log1p_in_place(zero);
    EXPECT_EQ(zero[0], 0.0F);
}

TEST(NormalizeRows, AgreesWithTheNaiveTwin) {
    Rows rows = ragged_counts(100, 1);
    const std::vector<double> expected = naive(rows);
    ASSERT_EQ(normalize_rows(rows.offsets, rows.values, Normalization::counts), -1);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(rows.values[i]), expected[i], 1e-6 * (1 + expected[i])) << i;
    }
}

TEST(NormalizeRows, ByHand) {
    std::vector<float> values{1, 3, 0, 0, 5};
    const std::vector<std::int64_t> offsets{0, 2, 2, 4, 5};
    ASSERT_EQ(normalize_rows(offsets, values, Normalization::counts), -1);
    EXPECT_FLOAT_EQ(values[0], std::log(2501.0F));
    EXPECT_FLOAT_EQ(values[1], std::log(7501.0F));
    EXPECT_EQ(values[2], 0.0F);
    EXPECT_EQ(values[3], 0.0F);
    EXPECT_FLOAT_EQ(values[4], std::log(10001.0F));
}

TEST(NormalizeRows, GivesTheSameBitsWhereverTheRowLies) {
    const Rows whole = ragged_counts(60, 2);
    Rows at_once = whole;
    normalize_rows(at_once.offsets, at_once.values, Normalization::counts);
    for (std::size_t r = 0; r + 1 < whole.offsets.size(); ++r) {
        const auto begin = whole.values.begin() + whole.offsets[r];
        std::vector<float> alone(begin, whole.values.begin() + whole.offsets[r + 1]);
        const std::vector<std::int64_t> offsets{0, static_cast<std::int64_t>(alone.size())};
        normalize_rows(offsets, alone, Normalization::counts);
        if (!alone.empty()) {
            EXPECT_EQ(std::memcmp(alone.data(), at_once.values.data() + whole.offsets[r], alone.size() * sizeof(float)),
                      0);
        }
    }
}

TEST(NormalizeRows, SumsCountsThatFloat32CouldNot) {
    std::vector<float> values(64, 0x1p26F);  // adding 1 to it in float32 changes nothing, in whichever lane
    values.resize(10000, 1.0F);
    const std::vector<std::int64_t> offsets{0, 10000};
    ASSERT_EQ(normalize_rows(offsets, values, Normalization::counts), -1);
    const double expected = std::log1p(1e4 / (64 * 0x1p26 + 9936));  // 2.3e-6 less with the float32 total
    EXPECT_NEAR(static_cast<double>(values[100]) / expected, 1.0, 5e-7);
}

TEST(NormalizeRows, LeavesLogValuesAlone) {
    std::vector<float> values{0.5F, 3.25F, 0.0F};
    const auto before = values;
    const std::vector<std::int64_t> offsets{0, 3};
    EXPECT_EQ(normalize_rows(offsets, values, Normalization::log1p), -1);
    EXPECT_EQ(values, before);
}

TEST(NormalizeRows, FindsTheFirstBadValueWhereverItIs) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    const Rows good = ragged_counts(40, 3);
    for (const float bad : {nan, inf, -inf, -1.0F, 0.5F, 1.0001F, -1e-30F}) {
        for (std::size_t at = 0; at < good.values.size(); at += 7) {
            Rows rows = good;
            rows.values[at] = bad;
            rows.values.back() = bad;
            ASSERT_EQ(normalize_rows(rows.offsets, rows.values, Normalization::counts), static_cast<Index>(at)) << bad;
            ASSERT_EQ(std::memcmp(&rows.values[at], &bad, sizeof bad), 0) << "the offending row must be untouched";
        }
    }
}

TEST(NormalizeRows, RefusesNegativeAndNonFiniteLogValues) {
    const std::vector<std::int64_t> offsets{0, 1, 3};
    for (const float bad : {-0.25F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        std::vector<float> values{0.5F, 1.5F, bad};
        EXPECT_EQ(normalize_rows(offsets, values, Normalization::log1p), 2) << bad;
    }
}

}  // namespace
}  // namespace lazynet
