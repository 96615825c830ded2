#include "lazynet/eval/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random_matrix.hpp"

namespace lazynet::eval {
namespace {

struct Case {
    TrueProfiles truth;
    PredictedProfiles predicted;
    std::vector<Index> rows;
};

/// Truths that are off by `miss` standard deviations of what is said.
Case case_of(Index rows, Index genes, float miss, bool split_between_both) {
    Case c;
    const float said = split_between_both ? 0.3F : 0.5F;
    c.predicted.mean = random_matrix(rows, genes, Random(1, "mean"));
    c.predicted.sd = Matrix::Constant(rows, genes, said);
    if (split_between_both) {
        c.truth.error = Matrix::Constant(rows, genes, 0.4F);  // 0.3^2 + 0.4^2 = 0.5^2
    }
    c.truth.truth = c.predicted.mean + random_matrix(rows, genes, Random(2, "miss"), 0.5F * miss);
    c.truth.own.resize(static_cast<std::size_t>(rows));
    for (Index row = 0; row < rows; ++row) {
        c.rows.push_back(row);
    }
    return c;
}

TEST(Calibration, RightIntervalsCoverWhatTheySay) {
    for (const bool split : {false, true}) {
        const Case c = case_of(40, 500, 1.0F, split);
        const CoverageCounts counts = count_coverage(c.truth, c.predicted, c.rows);
        EXPECT_EQ(counts.values(), 20000);
        for (const int nominal : kNominal) {
            EXPECT_NEAR(counts.coverage(nominal), nominal / 100.0, 0.012);
        }
        EXPECT_LT(counts.expected_calibration_error(), 0.01);
    }
}

TEST(Calibration, NarrowIntervalsCoverLess) {
    const Case c = case_of(40, 500, 2.0F, false);
    const CoverageCounts counts = count_coverage(c.truth, c.predicted, c.rows);
    EXPECT_NEAR(counts.coverage(68), std::erf(0.99446 / 2.0 / std::sqrt(2.0)), 0.015);  // |z| of 68 %, halved
    EXPECT_GT(counts.expected_calibration_error(), 0.15);
}

TEST(Calibration, CountsOfPartsAddUp) {
    const Case c = case_of(6, 50, 1.0F, false);
    CoverageCounts parts = count_coverage(c.truth, c.predicted, std::span(c.rows).first(2));
    parts += count_coverage(c.truth, c.predicted, std::span(c.rows).subspan(2));
    EXPECT_EQ(parts.places, count_coverage(c.truth, c.predicted, c.rows).places);
}

TEST(Calibration, PerturbedGenesAndMissingSdsAreSeenForWhatTheyAre) {
    Case c = case_of(2, 4, 1.0F, false);
    c.truth.own[0] = {1, 3};
    c.predicted.sd.setZero();
    c.truth.truth(0, 0) = c.predicted.mean(0, 0);  // met exactly
    const CoverageCounts counts = count_coverage(c.truth, c.predicted, c.rows);
    EXPECT_EQ(counts.values(), 6);
    EXPECT_EQ(counts.places.front(), 1);
    EXPECT_EQ(counts.places.back(), 5);
}

TEST(Calibration, WhatIsNotFiniteIsNotCounted) {
    Case c = case_of(2, 4, 1.0F, false);
    c.predicted.mean(0, 2) = std::nanf("");
    EXPECT_EQ(count_coverage(c.truth, c.predicted, c.rows).values(), 7);
}

TEST(Calibration, NothingCountedIsNotDefined) {
    EXPECT_TRUE(std::isnan(CoverageCounts{}.coverage(95)));
    EXPECT_TRUE(std::isnan(CoverageCounts{}.expected_calibration_error()));
}

}  // namespace
}  // namespace lazynet::eval
