#include "lazynet/data/variable_genes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lazynet {
namespace {

TEST(VariableGenes, StandardisesDispersionsWithinBinsOfTheMean) {
    // Bins are 0.1 wide from 1 to 3: genes 0 to 2 share the first, 3 and 4 the last, 5 is alone, 6 is not expressed.
    const std::vector<double> mean = {1.0, 1.01, 1.02, 3.0, 2.99, 2.0, 0.0};
    std::vector<double> variance(7, 0.0);
    const std::vector<double> dispersion = {-1.0, 0.0, 1.0, 5.0, 7.0, 9.0};
    for (std::size_t g = 0; g < 6; ++g) {
        variance[g] = mean[g] * std::exp(dispersion[g]);
    }
    const auto score = standardised_dispersions(mean, variance);
    const std::vector<double> expected = {-1, 0, 1, -std::sqrt(0.5), std::sqrt(0.5), 1};
    for (std::size_t g = 0; g < 6; ++g) {
        EXPECT_NEAR(score[g], expected[g], 1e-9) << g;
    }
    EXPECT_EQ(score[6], -std::numeric_limits<double>::infinity());
}

TEST(VariableGenes, TakesTheHighestAndTheOnesAlwaysKept) {
    const std::vector<double> mean(5, 1.0);
    const std::vector<double> variance = {0.1, 0.9, 0.5, 0.9, 0.0};
    EXPECT_EQ(most_variable(mean, variance, 1, {}), (std::vector<Index>{1}));
    EXPECT_EQ(most_variable(mean, variance, 2, std::vector<Index>{4, 4}), (std::vector<Index>{1, 3, 4}));
    EXPECT_EQ(most_variable(mean, variance, 9, {}).size(), 5U);
}

TEST(VariableGenes, DoesNotDivideByTheSpreadOfEqualGenes) {
    const auto score = standardised_dispersions(std::vector<double>(4, 1.0), std::vector<double>(4, 0.3));
    EXPECT_EQ(score, std::vector<double>(4, 0.0));
}

}  // namespace
}  // namespace lazynet
