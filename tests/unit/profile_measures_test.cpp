#include "lazynet/eval/profile_measures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lazynet/eval/differential_measures.hpp"
#include "profile_fixture.hpp"
#include "random_profiles.hpp"

namespace lazynet::eval {
namespace {

/// Standard deviation over the condition means, as GEARS's choice of variable genes has it.
Matrix spread_of(const TrueProfiles& truth) {
    MatrixD all(truth.truth.rows() + 1, truth.truth.cols());
    all << truth.control.cast<double>(), truth.truth.cast<double>();
    const MatrixD centred = all.rowwise() - all.colwise().mean();
    return (centred.colwise().squaredNorm() / static_cast<double>(all.rows())).cwiseSqrt().cast<float>();
}

ProfileFixture fixture() {
    ProfileFixture f(LAZYNET_FIXTURES "/profile_measures.txt");
    f.truth.spread = spread_of(f.truth);
    return f;
}

/// Compares every column whose name the fixture knows; returns the names.
std::set<std::string> expect_agreement(const MeasureTable& table, const ProfileFixture& f) {
    std::set<std::string> compared;
    for (std::size_t m = 0; m < table.measures.size(); ++m) {
        const auto expected = f.expected.find(table.measures[m].name);
        if (expected == f.expected.end()) {
            continue;
        }
        compared.insert(expected->first);
        for (std::size_t row = 0; row < expected->second.size(); ++row) {
            const double ours = table.values(static_cast<Index>(row), static_cast<Index>(m));
            const double theirs = expected->second[row];
            if (std::isnan(theirs)) {
                EXPECT_TRUE(std::isnan(ours)) << expected->first << " of row " << row << " is " << ours;
            } else {
                EXPECT_NEAR(ours, theirs, 1e-6 * std::max(1.0, std::abs(theirs))) << expected->first << " row " << row;
            }
        }
    }
    return compared;
}

TEST(ProfileMeasures, AgreeWithTheirSources) {
    const ProfileFixture f = fixture();
    std::set<std::string> compared = expect_agreement(profile_measures(f.truth, &f.real_table, f.predicted), f);
    compared.merge(expect_agreement(differential_measures(f.real_table, f.predicted_table), f));
    compared.merge(expect_agreement(change_ranking_measures(f.truth, f.real_table, f.predicted), f));
    for (const auto& [name, values] : f.expected) {
        const bool of_other_tests = name.find("discrimination") != std::string::npos || name == "cellsimbench_nir" ||
                                    name.find("perturbench_rank") == 0 || name == "celleval_de_spearman_sig";
        EXPECT_TRUE(compared.contains(name) || of_other_tests) << name << " is not made";
    }
    EXPECT_GT(compared.size(), 100U);
}

TEST(ProfileMeasures, SpearmanOfCountsAgreesWithCellEval) {
    const ProfileFixture f = fixture();
    EXPECT_NEAR(spearman_of_counts(f.expected.at("celleval_de_nsig_counts_real"),
                                   f.expected.at("celleval_de_nsig_counts_pred")),
                f.expected.at("celleval_de_spearman_sig")[0], 1e-6);
    EXPECT_EQ(spearman_of_counts(std::vector<double>{0, 0}, std::vector<double>{3, 1}), 1.0);
}

TEST(ProfileMeasures, ThePredictionThatEqualsTheTruthIsPerfect) {
    ProfileFixture f = fixture();
    f.predicted.mean = f.truth.truth;
    f.predicted.control = f.truth.control;
    const MeasureTable table = profile_measures(f.truth, &f.real_table, f.predicted);
    for (std::size_t m = 0; m < table.measures.size(); ++m) {
        const Measure& measure = table.measures[m];
        for (Index row = 0; row < table.values.rows(); ++row) {
            const double value = table.values(row, static_cast<Index>(m));
            const bool term = measure.name.starts_with("lazynet_squared_error_no_change") ||
                              measure.name.starts_with("lazynet_squared_error_training_mean");
            if (!std::isnan(value) && !term) {
                EXPECT_NEAR(value, measure.perfect, 1e-12) << measure.name;
            }
        }
    }
}

TEST(ProfileMeasures, WhatIsNotThereIsLeftOut) {
    ProfileFixture f = fixture();
    f.truth.spread.resize(0, 0);
    const MeasureTable table = profile_measures(f.truth, nullptr, f.predicted);
    for (const Measure& measure : table.measures) {
        EXPECT_EQ(measure.name.find("_de"), measure.name.find("_delta")) << measure.name;
        EXPECT_EQ(measure.name.find("hvg"), std::string::npos) << measure.name;
        EXPECT_EQ(measure.name.find("weighted"), std::string::npos) << measure.name;
    }
    EXPECT_LT(table.measures.size(), profile_measure_list().size());
}

TEST(ProfileMeasures, ARankWithoutRowsHasTheSameMeasures) {
    ProfileFixture f = fixture();
    const std::size_t measures = profile_measures(f.truth, &f.real_table, f.predicted).measures.size();
    const Index genes = f.truth.truth.cols();
    f.truth.truth.resize(0, genes);
    f.real_table.score.resize(0, genes);
    const MeasureTable table = profile_measures(f.truth, &f.real_table, f.predicted);
    EXPECT_EQ(table.measures.size(), measures);
    EXPECT_EQ(table.values.rows(), 0);
}

TEST(ProfileMeasures, ARowThatIsNotThereHasNoValues) {
    ProfileFixture f = fixture();
    f.predicted.mean.row(2).setConstant(std::numeric_limits<float>::quiet_NaN());
    f.truth.truth(4, 7) = std::numeric_limits<float>::infinity();
    const MeasureTable table = profile_measures(f.truth, &f.real_table, f.predicted);
    const MeasureTable areas = change_ranking_measures(f.truth, f.real_table, f.predicted);
    EXPECT_TRUE(table.values.row(2).array().isNaN().all());
    EXPECT_TRUE(table.values.row(4).array().isNaN().all());
    EXPECT_TRUE(areas.values.row(2).array().isNaN().all());
    EXPECT_FALSE(std::isnan(table.values(3, 0)));
}

TEST(ProfileMeasures, NamesAreDistinctAndFitForFiles) {
    std::set<std::string> names;
    for (const Measure& measure : profile_measure_list()) {
        EXPECT_TRUE(names.insert(measure.name).second) << measure.name;
        EXPECT_EQ(measure.name.find('/'), std::string::npos) << measure.name;
        EXPECT_FALSE(measure.definition.empty()) << measure.name;
    }
}

TEST(ProfileMeasures, TheTrainingMeanIsTheOneOfTheRowsFold) {
    TrueProfiles truth = random_truth({0, 9}, 9, 40, 3);
    truth.training_mean = random_matrix(2, 40, Random(3, "training"));
    for (Index row = 0; row < 9; ++row) {
        truth.training_of.push_back(row % 2);
    }
    const PredictedProfiles predicted = random_prediction(truth, 0, 3, false);
    const MeasureTable table = profile_measures(truth, nullptr, predicted);
    const auto column = std::find_if(table.measures.begin(), table.measures.end(), [](const Measure& m) {
        return m.name == "lazynet_squared_error_training_mean_with_own";
    });
    ASSERT_NE(column, table.measures.end());
    for (Index row = 0; row < 9; ++row) {
        const double expected =
            (truth.truth.row(row).cast<double>() - truth.training_mean.row(row % 2).cast<double>()).squaredNorm();
        EXPECT_NEAR(table.values(row, column - table.measures.begin()), expected, 1e-9);
    }
}

TEST(ProfileMeasures, CellSimBenchUsesTheRestWhereTheTableHasIt) {
    ProfileFixture f = fixture();
    const auto wmse = [&] {
        const MeasureTable table = profile_measures(f.truth, &f.real_table, f.predicted);
        const auto column = std::find_if(table.measures.begin(), table.measures.end(),
                                         [](const Measure& m) { return m.name == "cellsimbench_wmse"; });
        return table.values(0, column - table.measures.begin());
    };
    const double against_controls = wmse();
    f.real_table.score_rest = f.real_table.score;
    f.real_table.score_rest_q = f.real_table.score_q;
    EXPECT_EQ(wmse(), against_controls);
    f.real_table.score_rest.row(0).setZero();
    f.real_table.score_rest(0, 7) = -3.0F;  // all the weight on one gene
    EXPECT_NEAR(wmse(), std::pow(f.truth.truth(0, 7) - f.predicted.mean(0, 7), 2), 1e-12);
}

}  // namespace
}  // namespace lazynet::eval
