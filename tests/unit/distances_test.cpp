#include "lazynet/kernels/distances.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lazynet/kernels/ranks.hpp"
#include "random_matrix.hpp"

namespace lazynet {
namespace {

/// Rows and genes that fill tiles, packets and stretches, and that do not.
class Distances : public testing::TestWithParam<std::array<Index, 3>> {
protected:
    Matrix a_ = random_matrix(GetParam()[0], GetParam()[2], Random(1, "a"));
    Matrix b_ = random_matrix(GetParam()[1], GetParam()[2], Random(2, "b"), 0.3F);
};

VectorD sums(const Matrix& m) {
    return m.cast<double>().rowwise().sum();
}

TEST_P(Distances, ProductsAreWithinTheirBound) {
    MatrixD products;
    row_products(cview(a_), cview(b_), products);
    const MatrixD naive = a_.cast<double>() * b_.cast<double>().transpose();
    for (Index i = 0; i < a_.rows(); ++i) {
        for (Index j = 0; j < b_.rows(); ++j) {
            const double lengths = a_.row(i).cast<double>().norm() * b_.row(j).cast<double>().norm();
            EXPECT_LE(std::abs(products(i, j) - naive(i, j)), kProductBound * lengths);
        }
    }
}

TEST_P(Distances, AbsoluteDistancesAreWithinTheirBound) {
    MatrixD distances;
    row_absolute_distances(cview(a_), sums(a_), cview(b_), sums(b_), distances);
    for (Index i = 0; i < a_.rows(); ++i) {
        for (Index j = 0; j < b_.rows(); ++j) {
            const double naive = (a_.row(i).cast<double>() - b_.row(j).cast<double>()).lpNorm<1>();
            const double sizes = a_.row(i).cast<double>().lpNorm<1>() + b_.row(j).cast<double>().lpNorm<1>();
            EXPECT_LE(std::abs(distances(i, j) - naive), kAbsoluteBound * sizes);
        }
    }
}

TEST_P(Distances, ExactOnesAgreeWithPlainSums) {
    const Index genes = a_.cols();
    const VectorD a = a_.row(0).transpose().cast<double>();
    const VectorD b = b_.row(0).transpose().cast<double>();
    const double rounding = 1e-13 * (a.squaredNorm() + b.squaredNorm() + 1.0);
    EXPECT_NEAR(dot_product(a_.data(), b_.data(), genes), a.dot(b), rounding);
    EXPECT_NEAR(squared_distance(a_.data(), b_.data(), genes), (a - b).squaredNorm(), rounding);
    EXPECT_NEAR(absolute_distance(a_.data(), b_.data(), genes), (a - b).lpNorm<1>(), rounding);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Distances,
                         testing::Values(std::array<Index, 3>{1, 1, 5}, std::array<Index, 3>{4, 8, 64},
                                         std::array<Index, 3>{7, 5, 1043}, std::array<Index, 3>{13, 9, 2500}));

TEST(Ranks, SharedRanksAreMeansOfTheirPlaces) {
    const std::vector<float> values = {2.0F, -1.0F, 2.0F, 0.0F, -0.0F, 7.5F, 2.0F};
    std::vector<double> ranks(values.size());
    Ranker()(values, ranks);
    EXPECT_EQ(ranks, (std::vector<double>{5.0, 1.0, 5.0, 2.5, 2.5, 7.0, 5.0}));
}

TEST(Ranks, AgreeWithASort) {
    Matrix values = random_matrix(1, 3000, Random(4, "ranks"), 100.0F);
    values = (values.array().round() / 8.0F).matrix();
    std::vector<double> ranks(3000);
    Ranker rank;
    rank({values.data(), 17}, {ranks.data(), 17});  // a second use of the same scratch space
    rank({values.data(), 3000}, ranks);
    for (Index g = 0; g < 3000; g += 7) {
        const float mine = values(0, g);
        const auto less = (values.array() < mine).count();
        const auto equal = (values.array() == mine).count();
        EXPECT_EQ(ranks[static_cast<std::size_t>(g)], static_cast<double>(less) + 0.5 * static_cast<double>(equal + 1));
    }
}

}  // namespace
}  // namespace lazynet
