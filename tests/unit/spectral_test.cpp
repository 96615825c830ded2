#include "lazynet/graph/spectral.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/graph/eigenpairs.hpp"

namespace lazynet {
namespace {

using Edges = std::vector<WeightedEdge>;

Edges cycle(std::int32_t first, std::int32_t nodes) {
    Edges edges;
    for (std::int32_t k = 0; k < nodes; ++k) {
        edges.push_back({first + k, first + (k + 1) % nodes, 2.0f});
    }
    return edges;
}

Edges random_graph(std::int32_t nodes, std::int64_t count) {
    const Random random(5, "graph");
    Edges edges;
    for (std::int64_t k = 0; k < count; ++k) {
        const auto at = static_cast<std::uint64_t>(4 * k);
        edges.push_back({static_cast<std::int32_t>(random.below(at, nodes)),
                         static_cast<std::int32_t>(random.below(at + 1, nodes)),
                         static_cast<float>(0.1 + random.uniform(at + 2))});
    }
    return edges;
}

/// D^-1/2 W D^-1/2, by the definition.
MatrixD dense_adjacency(Index nodes, const Edges& edges) {
    MatrixD w = MatrixD::Zero(nodes, nodes);
    for (const WeightedEdge& e : edges) {
        if (e.a != e.b) {
            w(e.a, e.b) = w(e.b, e.a) = std::max(w(e.a, e.b), static_cast<double>(std::abs(e.weight)));
        }
    }
    const VectorD degree = w.rowwise().sum().array().max(1e-300).matrix();
    return degree.cwiseSqrt().cwiseInverse().asDiagonal() * w * degree.cwiseSqrt().cwiseInverse().asDiagonal();
}

MatrixD products(const SpectralVectors& s) {
    return s.vectors.cast<double>() * s.vectors.cast<double>().transpose();
}

TEST(Spectral, KnowsTheEigenvectorsOfAPath) {
    // 0 - 1 - 2: S has eigenvalues 1, 0, -1; the vector of 1 is proportional to the root of the degree.
    const SpectralVectors s = spectral_vectors(3, Edges{{0, 1, 7.0f}, {1, 2, 7.0f}}, {10, 0.5});
    ASSERT_EQ(s.vectors.cols(), 1);
    EXPECT_NEAR(s.eigenvalues[0], 1.0, 1e-12);
    EXPECT_NEAR(static_cast<double>(s.vectors(0, 0)), 0.5, 1e-6);
    EXPECT_NEAR(static_cast<double>(s.vectors(1, 0)), std::sqrt(0.5), 1e-6);
    EXPECT_NEAR(static_cast<double>(s.vectors(2, 0)), 0.5, 1e-6);
    EXPECT_EQ(s.components, 1);
}

TEST(Spectral, KnowsTheRepeatedEigenvaluesOfACycle) {
    const SpectralVectors s = spectral_vectors(12, cycle(0, 12), {5, 0.5});
    ASSERT_EQ(s.vectors.cols(), 5);
    const double turn = 2.0 * std::acos(-1.0) / 12.0;
    for (const auto& [k, m] : std::vector<std::pair<Index, int>>{{0, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 2}}) {
        EXPECT_NEAR(s.eigenvalues[k], std::cos(m * turn), 1e-9);
    }
    const MatrixD p = products(s);
    for (Index i = 0; i < 12; ++i) {  // the projections do not depend on the basis
        const double angle = turn * static_cast<double>(i);
        const double expected =
            (1.0 + 2.0 * std::cos(turn) * std::cos(angle) + 2.0 * std::cos(2 * turn) * std::cos(2 * angle)) / 12.0;
        EXPECT_NEAR(p(0, i), expected, 1e-6);
    }
}

TEST(Spectral, GivesThePositivePartOfTheAdjacencyAndOfItsSquare) {
    const Edges edges = random_graph(60, 200);
    const MatrixD s = dense_adjacency(60, edges);
    const Eigen::SelfAdjointEigenSolver<MatrixD> solver(s);
    const VectorD positive = solver.eigenvalues().cwiseMax(0.0);
    const MatrixD first = solver.eigenvectors() * positive.asDiagonal() * solver.eigenvectors().transpose();
    const MatrixD second =
        solver.eigenvectors() * positive.cwiseAbs2().asDiagonal() * solver.eigenvectors().transpose();
    EXPECT_LT((products(spectral_vectors(60, edges, {60, 0.5})) - first).cwiseAbs().maxCoeff(), 1e-6);
    EXPECT_LT((products(spectral_vectors(60, edges, {60, 1.0})) - second).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(Spectral, DoesNotDependOnTheOrderOrDirectionOfEdges) {
    Edges edges = random_graph(700, 3000);
    const SpectralVectors expected = spectral_vectors(700, edges, {40, 1.0});
    std::vector<std::int64_t> order(edges.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        order[k] = static_cast<std::int64_t>(k);
    }
    Random(2, "order").shuffle(order);
    Edges shuffled;
    for (const std::int64_t k : order) {
        const WeightedEdge& e = edges[static_cast<std::size_t>(k)];
        shuffled.push_back(k % 2 == 0 ? e : WeightedEdge{e.b, e.a, -e.weight});
    }
    shuffled.push_back({3, 3, 100.0f});                                 // a self-loop
    shuffled.push_back({edges[0].a, edges[0].b, edges[0].weight / 2});  // again, weaker
    EXPECT_EQ(spectral_vectors(700, shuffled, {40, 1.0}).vectors, expected.vectors);
}

TEST(Spectral, SolvesPartsOneByOneAndNamesIsolatedNodes) {
    Edges edges;
    for (std::int32_t k = 0; k < 50; ++k) {  // 50 equal triangles: eigenvalue 1 fifty times, no other is positive
        const Edges triangle = cycle(3 * k + 2, 3);
        edges.insert(edges.end(), triangle.begin(), triangle.end());
    }
    edges.push_back({0, 0, 1.0f});
    const SpectralVectors s = spectral_vectors(153, edges, {60, 0.5});
    EXPECT_EQ(s.components, 50);
    EXPECT_EQ(s.isolated, (std::vector<Index>{0, 1, 152}));
    ASSERT_EQ(s.vectors.cols(), 50);
    EXPECT_TRUE(s.vectors.row(0).isZero(0.0f) && s.vectors.row(152).isZero(0.0f));
    for (Index k = 0; k < 50; ++k) {
        EXPECT_NEAR(s.eigenvalues[k], 1.0, 1e-12);
        EXPECT_NEAR(static_cast<double>(s.vectors(3 * k + 2, k)), std::sqrt(1.0 / 3.0), 1e-6);
    }
    EXPECT_EQ(spectral_vectors(153, edges, {60, 0.5}).vectors, s.vectors);
}

TEST(Spectral, GivesLargerPartsFirst) {
    Edges edges = cycle(0, 3);
    const Edges larger = cycle(3, 5);
    edges.insert(edges.end(), larger.begin(), larger.end());
    const SpectralVectors s = spectral_vectors(8, edges, {2, 0.5});
    EXPECT_TRUE(s.vectors.col(0).head(3).isZero(0.0f));
    EXPECT_TRUE(s.vectors.col(1).tail(5).isZero(0.0f));
}

TEST(Spectral, HandlesGraphsWithoutEdges) {
    const SpectralVectors s = spectral_vectors(3, Edges{}, {4, 1.0});
    EXPECT_EQ(s.vectors.rows(), 3);
    EXPECT_EQ(s.vectors.cols(), 0);
    EXPECT_EQ(s.isolated.size(), 3U);
    EXPECT_EQ(spectral_vectors(0, Edges{}, {4, 1.0}).vectors.size(), 0);
    EXPECT_THROW(spectral_vectors(2, Edges{{0, 2, 1.0f}}, {4, 1.0}), InternalError);
}

/// The fixture: a graph, its leading eigenvalues and its genes' products, as numpy's eigh has them.
TEST(Spectral, AgreesWithNumpy) {
    std::ifstream file(std::string(LAZYNET_FIXTURES) + "/spectral_graph.txt");
    Index nodes = 0;
    Index count = 0;
    Index dimensions = 0;
    ASSERT_TRUE(file >> nodes >> count >> dimensions);
    Edges edges(static_cast<std::size_t>(count));
    for (WeightedEdge& e : edges) {
        file >> e.a >> e.b >> e.weight;
    }
    const SpectralVectors s = spectral_vectors(nodes, edges, {dimensions, 0.5});
    ASSERT_EQ(s.vectors.cols(), dimensions);
    for (Index k = 0; k < dimensions; ++k) {
        double value = 0.0;
        file >> value;
        EXPECT_NEAR(s.eigenvalues[k], value, 1e-9) << k;
    }
    for (Index i = 0; i < nodes; ++i) {  // the vectors themselves, with signs as we choose them
        for (Index k = 0; k < dimensions; ++k) {
            double value = 0.0;
            file >> value;
            EXPECT_NEAR(static_cast<double>(s.vectors(i, k)), value, 2e-6) << i << ' ' << k;
        }
    }
    EXPECT_TRUE(static_cast<bool>(file));
}

SymmetricProduct product_with(const MatrixD& s) {
    return [&](const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y) { y.noalias() = s * x; };
}

TEST(EigenPairs, OfALargeMatrixAreThoseOfTheFullSolution) {
    const MatrixD s = dense_adjacency(900, random_graph(900, 4000));
    const Eigen::SelfAdjointEigenSolver<MatrixD> full(s);
    const EigenPairs pairs = leading_eigenpairs(900, product_with(s), 30);
    ASSERT_EQ(pairs.values.size(), 30);
    EXPECT_LT((pairs.values - full.eigenvalues().reverse().head(30)).cwiseAbs().maxCoeff(), 1e-9);
    EXPECT_LT((s * pairs.vectors - pairs.vectors * pairs.values.asDiagonal()).cwiseAbs().maxCoeff(), 1e-7);
    EXPECT_LT((pairs.vectors.transpose() * pairs.vectors - MatrixD::Identity(30, 30)).cwiseAbs().maxCoeff(), 1e-9);
}

/// One Lanczos sequence cannot see more than one vector of each.
TEST(EigenPairs, HaveAllCopiesOfRepeatedEigenvalues) {
    const Index n = 800;
    VectorD values = VectorD::LinSpaced(n, 0.5, -1.0);
    values.head(4).setConstant(2.0);
    values.segment(4, 9).setConstant(1.5);
    const auto product = [&](const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y) {
        y = values.asDiagonal() * x;
    };
    const EigenPairs pairs = leading_eigenpairs(n, product, 16);
    EXPECT_LT((pairs.values - values.head(16)).cwiseAbs().maxCoeff(), 1e-8);
    EXPECT_LT((pairs.vectors.transpose() * pairs.vectors - MatrixD::Identity(16, 16)).cwiseAbs().maxCoeff(), 1e-7);
}

TEST(EigenPairs, MakeTheLargestComponentPositive) {
    const MatrixD s = dense_adjacency(600, random_graph(600, 2000));
    const EigenPairs pairs = leading_eigenpairs(600, product_with(s), 10);
    for (Index k = 0; k < 10; ++k) {
        EXPECT_DOUBLE_EQ(pairs.vectors.col(k).maxCoeff(), pairs.vectors.col(k).cwiseAbs().maxCoeff());
    }
}

}  // namespace
}  // namespace lazynet
