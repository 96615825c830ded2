#include "lazynet/kernels/compress.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <vector>

#include "lazynet/core/random.hpp"

namespace lazynet {
namespace {

TEST(CompressRow, AgreesWithTheNaiveTwinForEveryLengthAndDensity) {
    const Random random(1, "compress");
    for (Index n = 0; n < 70; ++n) {
        for (const double density : {0.0, 0.1, 0.5, 1.0}) {
            std::vector<float> row(static_cast<std::size_t>(n));
            std::vector<std::int32_t> indices;
            std::vector<float> values;
            for (std::size_t i = 0; i < row.size(); ++i) {
                const auto at = static_cast<std::uint64_t>(n) * 1000 + i;
                row[i] =
                    random.uniform(at) < density ? static_cast<float>(random.normal(at)) : (i % 2 == 0 ? 0.0F : -0.0F);
                if (row[i] != 0) {
                    indices.push_back(static_cast<std::int32_t>(i));
                    values.push_back(row[i]);
                }
            }
            std::vector<std::int32_t> got_indices(row.size() + static_cast<std::size_t>(kCompressSlack));
            std::vector<float> got_values(got_indices.size());
            const std::size_t kept = compress_row(row.data(), n, got_indices.data(), got_values.data());
            got_indices.resize(kept);
            got_values.resize(kept);
            ASSERT_EQ(got_indices, indices) << n;
            ASSERT_EQ(got_values, values) << n;
        }
    }
}

TEST(CompressRow, KeepsNaN) {
    std::vector<float> row(20, 0.0F);
    row[3] = row[18] = std::numeric_limits<float>::quiet_NaN();
    std::vector<std::int32_t> indices(row.size() + static_cast<std::size_t>(kCompressSlack));
    std::vector<float> values(indices.size());
    ASSERT_EQ(compress_row(row.data(), 20, indices.data(), values.data()), 2U);
    EXPECT_EQ(indices[0], 3);
    EXPECT_EQ(indices[1], 18);
}

}  // namespace
}  // namespace lazynet
