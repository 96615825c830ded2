#include "lazynet/data/prior.hpp"

#include <gtest/gtest.h>

#include "lazynet/data/co_regulation.hpp"
#include "random_matrix.hpp"

namespace lazynet {
namespace {

const std::vector<std::string> kRegulators = {"A", "b", "C", "c"};
const std::vector<std::string> kTargets = {"X", "A", "Y", "B"};

TEST(MatchPrior, FindsNamesOnBothAxesAndCountsWhatItLeavesOut) {
    const std::vector<NamedEdge> edges = {{"A", "X", -2.0f}, {"A", "X", 5.0f},   {"b", "Y", 1.0f},
                                          {"B", "y", 3.0f},  {"A", "A", 1.0f},   {"gone", "X", 1.0f},
                                          {"A", "B", 1.0f},  {"C", "lost", 1.0f}};
    const Prior prior = match_prior(edges, kRegulators, kTargets);
    EXPECT_EQ(prior.edges.rows(), 4);
    EXPECT_EQ(prior.edges.cols(), 4);
    EXPECT_EQ(prior.edges.nonZeros(), 3);
    EXPECT_EQ(prior.edges.coeff(0, 0), -2.0f);
    EXPECT_EQ(prior.edges.coeff(1, 2), 1.0f);
    EXPECT_EQ(prior.edges.coeff(0, 3), 1.0f);
    EXPECT_EQ(prior.match.edges, 8);
    EXPECT_EQ(prior.match.matched, 3);
    EXPECT_EQ(prior.match.duplicates, 2);
    EXPECT_EQ(prior.match.self_loops, 1);
    EXPECT_EQ(prior.match.unmatched, 2);
    EXPECT_EQ(prior.match.examples, (std::vector<std::string>{"gone", "lost"}));
    EXPECT_EQ(report(prior.match),
              "8 edges, 3 used; 2 with a gene that is not here (like 'gone', 'lost'), 2 named again, 1 self-loops left "
              "out");
}

TEST(MatchPrior, IgnoresCaseOnlyWhereOneNameFits) {
    EXPECT_EQ(match_prior({{"a", "x", 1.0f}}, kRegulators, kTargets).edges.coeff(0, 0), 1.0f);
    EXPECT_EQ(match_prior({{"c", "X", 1.0f}}, kRegulators, kTargets).edges.coeff(3, 0), 1.0f);
    const std::vector<std::string> both = {"Cc", "cC"};
    EXPECT_EQ(match_prior({{"CC", "X", 1.0f}}, both, kTargets).match.unmatched, 1);
}

TEST(MatchInteractions, IsSymmetricAndCountsAPairOnce) {
    EdgeList list;
    list.names = {"A", "B", "C"};
    list.edges = {{0, 1, -2.0f}, {1, 0, 9.0f}, {2, 1, 0.5f}, {2, 2, 1.0f}};
    const Prior pairs = match_interactions(list, list.names);
    MatrixD expected(3, 3);
    expected << 0, 2, 0, 2, 0, 0.5, 0, 0.5, 0;
    EXPECT_EQ(MatrixD(pairs.edges.cast<double>()), expected);
    EXPECT_EQ(pairs.match.matched, 2);
    EXPECT_EQ(pairs.match.duplicates, 1);
    EXPECT_EQ(pairs.match.self_loops, 1);
}

SparseMatrix random_prior(Index regulators, Index targets, Index edges) {
    const Random random(3, "prior");
    std::vector<Eigen::Triplet<float, std::int64_t>> entries;
    for (Index e = 0; e < edges; ++e) {
        const auto at = static_cast<std::uint64_t>(3 * e);
        entries.emplace_back(random.below(at, regulators), random.below(at + 1, targets),
                             random.uniform(at + 2) < 0.5 ? -1.0f : 1.5f);
    }
    SparseMatrix prior(regulators, targets);
    prior.setFromTriplets(entries.begin(), entries.end(), [](float a, float) { return a; });
    return prior;
}

TEST(CoRegulation, EqualsTheDenseMatrix) {
    for (const Index edges : {20, 120}) {  // few: the sparse factor is multiplied; many: the matrix is formed
        const SparseMatrix prior = random_prior(30, 40, edges);
        ASSERT_EQ(CoRegulation::is_formed(30, prior.nonZeros()), edges == 120);
        const MatrixD p = MatrixD(prior.cast<double>()).cwiseAbs();
        MatrixD q = p * p.transpose();
        q /= q.sum();
        const Matrix s = random_matrix(150, 30, Random(1, "s"));  // more rows than are multiplied at once
        const Matrix product = CoRegulation::from_prior(prior).times(s);
        const MatrixD expected = s.cast<double>() * q;
        EXPECT_LT((product.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-6 * expected.cwiseAbs().maxCoeff());
    }
}

TEST(CoRegulation, TakesInteractionsAsTheyAre) {
    const SparseMatrix half = random_prior(30, 30, 60);
    const SparseMatrix q = half + SparseMatrix(half.transpose());
    MatrixD dense = MatrixD(q.cast<double>()).cwiseAbs();
    dense /= dense.sum();
    const Matrix s = random_matrix(7, 30, Random(1, "s"));
    const MatrixD expected = s.cast<double>() * dense;
    const Matrix product = CoRegulation::from_interactions(q).times(s);
    EXPECT_LT((product.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-6 * expected.cwiseAbs().maxCoeff());
}

TEST(CoRegulation, OfNothingIsZero) {
    const CoRegulation nothing = CoRegulation::from_prior(SparseMatrix(5, 6));
    EXPECT_TRUE(nothing.empty());
    EXPECT_EQ(nothing.times(Matrix::Ones(2, 5)), Matrix::Zero(2, 5));
    EXPECT_FALSE(CoRegulation::from_prior(random_prior(5, 5, 3)).empty());
}

}  // namespace
}  // namespace lazynet
