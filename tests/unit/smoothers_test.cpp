#include "lazynet/eval/smoothers.hpp"

#include <gtest/gtest.h>

#include "made_up_baselines.hpp"

namespace lazynet::eval {
namespace {

class Smoothers : public ::testing::Test {
protected:
    void expect_like_numpy(Smoother smoother, const std::string& name) {
        fall_back_on_mean(smoother, made_up.training, made_up.test);
        const Matrix all = smoothed(smoother, changes);
        const Matrix shown = all(Eigen::all, made_up.shown);
        EXPECT_LT((shown - made_up.predictions.at(name)).cwiseAbs().maxCoeff(), 2e-6F) << name;
    }
    const MadeUpBaselines made_up{LAZYNET_FIXTURES "/baselines.txt"};
    const Matrix changes =
        MadeUpBaselines::changes(static_cast<Index>(made_up.training.size()), {0, MadeUpBaselines::kGenes});
    const Features training = one_hot(made_up.training, MadeUpBaselines::kRegulators);
    const Features test = one_hot(made_up.test, MadeUpBaselines::kRegulators);
};

TEST_F(Smoothers, AgreeWithNumpy) {
    ASSERT_EQ(made_up.predictions.size(), 7U);
    expect_like_numpy(no_change(made_up.training, made_up.test), "no_change");
    expect_like_numpy(mean_of_perturbations(made_up.training, made_up.test), "mean");
    expect_like_numpy(mean_over_contexts(made_up.training, made_up.test), "perturb_mean");
    expect_like_numpy(additive(made_up.training, made_up.test), "additive");
    expect_like_numpy(ridge({false, 0.3}, made_up.training, made_up.test, training, test), "ridge_onehot");
    const Features graph = MadeUpBaselines::graph();
    expect_like_numpy(ridge({true, 0.5}, made_up.training, made_up.test, training * graph, test * graph),
                      "graph_kernel");
}

TEST_F(Smoothers, SayHowMuchOfAConditionTheyCover) {
    using enum Coverage;
    EXPECT_EQ(additive(made_up.training, made_up.test).coverage,
              (std::vector<Coverage>{full, full, part, none, none, none, none, full, none}));
    EXPECT_EQ(mean_over_contexts(made_up.training, made_up.test).coverage,
              (std::vector<Coverage>{none, none, none, none, none, full, full, none, none}));
    EXPECT_EQ(ridge({false, 1.0}, made_up.training, made_up.test, training, test).coverage,
              (std::vector<Coverage>{full, full, full, none, none, full, full, full, none}));
}

TEST_F(Smoothers, MeansOfAContextThatIsNotTrainedOnAreThoseOfAllContexts) {
    const std::vector<Perturbed> known = {{{0}, 0}, {{1}, 0}, {{0}, 1}, {{2}, 1}};
    const std::vector<Perturbed> asked = {{{0}, 2}, {{5}, 2}, {{5}, 1}};
    Matrix expected(3, 4);
    expected << 0.25F, 0.25F, 0.25F, 0.25F, 0.25F, 0.25F, 0.25F, 0.25F, 0, 0, 0.5F, 0.5F;
    EXPECT_EQ(mean_of_perturbations(known, asked).weights, expected);
    expected.row(0) << 0.5F, 0, 0.5F, 0;
    expected.bottomRows(2).setZero();
    EXPECT_EQ(mean_over_contexts(known, asked).weights, expected);
}

TEST_F(Smoothers, SquaredErrorFollowsFromInnerProducts) {
    const Matrix truth = MadeUpBaselines::changes(30, {0, 600}).bottomRows(static_cast<Index>(made_up.test.size()));
    const Smoother smoother = ridge({false, 0.3}, made_up.training, made_up.test, training, test);
    MatrixD all(changes.rows() + truth.rows(), changes.cols());
    all << changes.cast<double>(), truth.cast<double>();
    const Matrix apart = truth - smoothed(smoother, changes);
    double expected = 0.0;
    for (Index p = 0; p < apart.rows(); ++p) {
        expected += smoother.coverage[static_cast<std::size_t>(p)] == Coverage::none
                        ? 0.0
                        : static_cast<double>(apart.row(p).squaredNorm());
    }
    EXPECT_NEAR(squared_error(smoother, all * all.transpose()) / expected, 1.0, 1e-5);
}

TEST_F(Smoothers, FoldsKeepAPerturbationWhole) {
    std::vector<Perturbed> conditions;
    for (Index j = 0; j < 23; ++j) {
        conditions.push_back({{j}, 0});
        conditions.push_back({{j}, 1});
    }
    const std::vector<int> fold = folds_of(conditions, 5, 7);
    std::vector<int> sizes(5);
    for (std::size_t q = 0; q < conditions.size(); q += 2) {
        EXPECT_EQ(fold[q], fold[q + 1]);
        ++sizes[static_cast<std::size_t>(fold[q])];
    }
    EXPECT_EQ(*std::min_element(sizes.begin(), sizes.end()), 4);
    EXPECT_EQ(*std::max_element(sizes.begin(), sizes.end()), 5);
    EXPECT_NE(fold, folds_of(conditions, 5, 8));
}

}  // namespace
}  // namespace lazynet::eval
