#include "lazynet/scoring/condition_statistics.hpp"

#include <gtest/gtest.h>

#include "random_profiles.hpp"

namespace lazynet::scoring {
namespace {

constexpr Index kRows = 31;
constexpr Index kGenes = 20;

/// As the definitions have it, of one context.
VectorD spread_of(const eval::TrueProfiles& truth, Index context) {
    MatrixD conditions(0, kGenes);
    const auto append = [&](const auto& profile) {
        conditions.conservativeResize(conditions.rows() + 1, Eigen::NoChange);
        conditions.row(conditions.rows() - 1) = profile.template cast<double>();
    };
    append(truth.control.row(context));
    for (Index row = 0; row < kRows; ++row) {
        if (truth.context[static_cast<std::size_t>(row)] == context) {
            append(truth.truth.row(row));
        }
    }
    const MatrixD centred = conditions.rowwise() - conditions.colwise().mean();
    return (centred.colwise().squaredNorm() / static_cast<double>(conditions.rows())).cwiseSqrt().transpose();
}

TEST(ConditionStatistics, AreThoseOfAllRanksRows) {
    const auto world = mpi::Communicator::world();
    eval::TrueProfiles truth = random_truth(block_of(kRows, world.size(), world.rank()), kRows, kGenes, 8);
    const eval::TrueProfiles whole = random_truth({0, kRows}, kRows, kGenes, 8);
    fill_condition_statistics(world, truth);
    for (Index context = 0; context < 2; ++context) {
        const Range rows = context == 0 ? Range{0, kRows / 3} : Range{kRows / 3, kRows};
        const VectorD mean =
            whole.truth.middleRows(rows.begin, rows.size()).cast<double>().colwise().mean().transpose();
        EXPECT_LT((truth.mean.row(context).transpose().cast<double>() - mean).cwiseAbs().maxCoeff(), 1e-6);
        EXPECT_LT(
            (truth.spread.row(context).transpose().cast<double>() - spread_of(whole, context)).cwiseAbs().maxCoeff(),
            1e-6);
    }
}

TEST(ConditionStatistics, HaveTheSameBitsAsOnOneRank) {
    const auto world = mpi::Communicator::world();
    eval::TrueProfiles truth = random_truth(block_of(kRows, world.size(), world.rank()), kRows, kGenes, 8);
    fill_condition_statistics(world, truth);
    const auto alone = world.split(world.rank());
    eval::TrueProfiles whole = random_truth({0, kRows}, kRows, kGenes, 8);
    fill_condition_statistics(alone, whole);
    EXPECT_TRUE((truth.mean.array() == whole.mean.array()).all());
    EXPECT_TRUE((truth.spread.array() == whole.spread.array()).all());
}

TEST(ConditionStatistics, AContextWithoutPerturbationsHasItsControlAsMean) {
    const auto world = mpi::Communicator::world();
    eval::TrueProfiles truth = random_truth({0, 0}, 0, kGenes, 8);
    fill_condition_statistics(world, truth);
    EXPECT_TRUE((truth.mean.array() == truth.control.array()).all());
    EXPECT_TRUE((truth.spread.array() == 0.0F).all());
}

}  // namespace
}  // namespace lazynet::scoring
