#include "lazynet/data/value_sample.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "message_of.hpp"

namespace lazynet {
namespace {

const std::vector<std::string> kGenes{"A", "STAT1"};

ValueSample sample_of(const std::vector<float>& values) {
    ValueSample sample;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sample.add(static_cast<Index>(10 + i), static_cast<Index>(i % 2), values[i]);
    }
    return sample;
}

std::string error_of(const std::vector<float>& values, const std::string& wanted = "auto") {
    return message_of([&] { detect_normalization(sample_of(values), kGenes, wanted); });
}

TEST(DetectNormalization, TellsCountsFromLogs) {
    EXPECT_EQ(detect_normalization(sample_of({0, 1, 2, 40}), kGenes, "auto").kind, Normalization::counts);
    EXPECT_EQ(detect_normalization(sample_of({0, 1, 2.5F, 9.2F}), kGenes, "auto").kind, Normalization::log1p);
    EXPECT_EQ(detect_normalization(sample_of({0, 1, 2}), kGenes, "log1p").kind, Normalization::log1p);
    EXPECT_EQ(detect_normalization(sample_of({0, 1, 1}), kGenes, "counts").kind, Normalization::counts);
}

TEST(DetectNormalization, RefusesTheRestSayingWhy) {
    EXPECT_NE(error_of({1, -0.5F}).find("cell 11 (the first is 0), gene STAT1: -0.5 is negative"), std::string::npos)
        << error_of({1, -0.5F});
    EXPECT_NE(error_of({1, std::numeric_limits<float>::quiet_NaN()}).find("gene STAT1: nan"), std::string::npos);
    EXPECT_NE(error_of({1.5F, 300.25F}).find("not log-transformed"), std::string::npos);
    EXPECT_NE(error_of({0, 0, 0}).find("zero"), std::string::npos);
    EXPECT_NE(error_of({}).find("empty"), std::string::npos);
    EXPECT_NE(error_of({0, 1, 1}).find("zeros and ones"), std::string::npos);
    EXPECT_NE(error_of({1.5F, 2}, "counts").find("not raw counts"), std::string::npos);
    EXPECT_NE(error_of({-1.5F, 2}, "log1p").find("negative"), std::string::npos);
    EXPECT_EQ(error_of({300.25F, 2}, "log1p"), "no error") << "the user knows";
}

TEST(DetectNormalization, TakesValuesAsTheyAre) {
    EXPECT_EQ(detect_normalization(sample_of({-1.5F, 2, 99}), kGenes, "none").kind, Normalization::none);
    EXPECT_EQ(detect_normalization(sample_of({0, 1, 2}), kGenes, "none").kind, Normalization::none);
    EXPECT_NE(error_of({1, -101}, "none").find("-101 is too large to be used as it is"), std::string::npos);
    EXPECT_NE(error_of({1, std::numeric_limits<float>::infinity()}, "none").find("inf"), std::string::npos);
    EXPECT_NE(error_of({-1.5F, 2}).find("--normalization none"), std::string::npos);
}

}  // namespace
}  // namespace lazynet
