#include "lazynet/scoring/pairwise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "lazynet/scoring/measure_list.hpp"
#include "profile_fixture.hpp"
#include "random_profiles.hpp"

namespace lazynet::scoring {
namespace {

/// A made-up screen and predictions for it, as one rank holds them.
struct Screen {
    eval::TrueProfiles truth;
    eval::PredictedProfiles predicted;
};

Screen screen_of(Range rows, Index total, Index genes, bool own_controls) {
    Screen screen{random_truth(rows, total, genes, 5), {}};
    screen.predicted = random_prediction(screen.truth, rows.begin, 5, own_controls);
    return screen;
}

/// Distances as the definitions have them, in float64, of all rows.
struct Naive {
    const Screen& s;
    [[nodiscard]] Index context(Index row) const { return s.truth.context[static_cast<std::size_t>(row)]; }
    [[nodiscard]] VectorD true_effect(Index q) const {
        return (s.truth.truth.row(q).cast<double>() - s.truth.control.row(context(q)).cast<double>()).transpose();
    }
    [[nodiscard]] VectorD predicted_effect(Index p) const {
        return (s.predicted.mean.row(p).cast<double>() - s.predicted.control.row(context(p)).cast<double>())
            .transpose();
    }
    /// 0: l1, 1: l2, 2: 1 - cosine, of effects without the prediction's own genes.
    [[nodiscard]] double effect_distance(int kind, Index p, Index q) const {
        VectorD a = predicted_effect(p);
        VectorD b = true_effect(q);
        for (const std::int32_t g : s.truth.own[static_cast<std::size_t>(p)]) {
            a[g] = b[g] = 0.0;
        }
        if (kind == 2) {
            return a.norm() == 0.0 || b.norm() == 0.0 ? 1.0 : 1.0 - a.dot(b) / (a.norm() * b.norm());
        }
        return kind == 0 ? (a - b).lpNorm<1>() : (a - b).norm();
    }
    [[nodiscard]] double euclid(Index p, Index q) const {
        return (s.predicted.mean.row(p).cast<double>() - s.truth.truth.row(q).cast<double>()).norm();
    }
    [[nodiscard]] double minus_log_cosine(Index p, Index q) const {
        const auto log_of = [](const auto& row) {
            return ((row.template cast<double>().array().max(0.0) + 0.1).log()).eval();
        };
        const auto a = (log_of(s.predicted.mean.row(p)) - log_of(s.predicted.control.row(context(p)))).matrix().eval();
        const auto b = (log_of(s.truth.truth.row(q)) - log_of(s.truth.control.row(context(q)))).matrix().eval();
        return a.norm() == 0.0 ? 0.0 : -a.dot(b) / (a.norm() * b.norm());
    }
};

/// Whether `other` comes before `mine` in a stable sort; distances that differ by rounding alone count as equal.
bool before(double other, double mine, Index other_row, Index my_row) {
    const double rounding = 3e-7 * std::max(1.0, std::abs(mine));
    return other < mine - rounding || (std::abs(other - mine) <= rounding && other_row < my_row);
}

std::vector<double> naive_row(const Naive& naive, Index row, Index total) {
    std::vector<double> counts(6, 0.0);
    double rows = 0;
    for (Index q = 0; q < total; ++q) {
        if (naive.context(q) != naive.context(row)) {
            continue;
        }
        rows += 1.0;
        if (q == row) {
            continue;
        }
        for (int kind = 0; kind < 3; ++kind) {
            counts[static_cast<std::size_t>(kind)] +=
                before(naive.effect_distance(kind, row, q), naive.effect_distance(kind, row, row), q, row) ? 1 : 0;
        }
        counts[3] += before(naive.euclid(q, row), naive.euclid(row, row), q, row) ? 1 : 0;
        counts[4] += before(naive.minus_log_cosine(q, row), naive.minus_log_cosine(row, row), q, row) ? 1 : 0;
        counts[5] += naive.euclid(row, q) > naive.euclid(row, row) ? 1 : 0;
    }
    for (const std::size_t kind : {0UL, 1UL, 2UL}) {
        counts[kind] = 1.0 - counts[kind] / rows;
    }
    counts[3] /= rows;
    counts[4] /= rows;
    counts[5] /= rows - 1.0;
    return counts;
}

class Pairwise : public testing::TestWithParam<bool> {};

TEST_P(Pairwise, AgreesWithTheDefinitionsOnAnyNumberOfRanks) {
    constexpr Index total = 70;
    constexpr Index genes = 45;
    const auto world = mpi::Communicator::world();
    const Range mine = block_of(total, world.size(), world.rank());
    const Screen local = screen_of(mine, total, genes, GetParam());
    const eval::MeasureTable table = pairwise_measures(world, local.truth, local.predicted);
    const Screen whole = screen_of({0, total}, total, genes, GetParam());
    const Naive naive{whole};
    ASSERT_EQ(table.values.rows(), mine.size());
    for (Index row = mine.begin; row < mine.end; ++row) {
        const std::vector<double> expected = naive_row(naive, row, total);
        for (std::size_t m = 0; m < expected.size(); ++m) {
            EXPECT_DOUBLE_EQ(table.values(row - mine.begin, static_cast<Index>(m)), expected[m])
                << table.measures[m].name << " of row " << row;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Controls, Pairwise, testing::Bool());

TEST(PairwiseMeasures, MoreRowsThanPassAtOnceAndGenesPerStretchChangeNothing) {
    constexpr Index total = 600;
    constexpr Index genes = 1100;
    const auto world = mpi::Communicator::world();
    const Range mine = block_of(total, world.size(), world.rank());
    const Screen local = screen_of(mine, total, genes, true);
    const eval::MeasureTable table = pairwise_measures(world, local.truth, local.predicted);
    const Screen whole = screen_of({0, total}, total, genes, true);
    const Naive naive{whole};
    for (Index row = mine.begin; row < mine.end; row += 41) {
        const std::vector<double> expected = naive_row(naive, row, total);
        for (std::size_t m = 0; m < expected.size(); ++m) {
            EXPECT_DOUBLE_EQ(table.values(row - mine.begin, static_cast<Index>(m)), expected[m])
                << table.measures[m].name << " of row " << row;
        }
    }
}

TEST(PairwiseMeasures, AgreeWithTheirSources) {
    const auto world = mpi::Communicator::world();
    ProfileFixture f(LAZYNET_FIXTURES "/profile_measures.txt");
    if (!world.is_root()) {
        f.truth.context.clear();
        f.truth.own.clear();
        f.truth.truth.resize(0, f.truth.truth.cols());
        f.predicted.mean.resize(0, f.truth.truth.cols());
    }
    const eval::MeasureTable table = pairwise_measures(world, f.truth, f.predicted);
    for (std::size_t m = 0; m < table.measures.size(); ++m) {
        const std::vector<double>& expected = f.expected.at(table.measures[m].name);
        for (Index row = 0; row < table.values.rows(); ++row) {
            EXPECT_NEAR(table.values(row, static_cast<Index>(m)), expected[static_cast<std::size_t>(row)], 1e-9)
                << table.measures[m].name << " of row " << row;
        }
    }
}

TEST(MeasureList, NamesEveryMeasureOnce) {
    std::set<std::string> names;
    for (const eval::Measure& measure : measure_list()) {
        EXPECT_TRUE(names.insert(measure.name).second) << measure.name;
        EXPECT_FALSE(measure.definition.empty()) << measure.name;
    }
    for (const auto& [name, values] : ProfileFixture(LAZYNET_FIXTURES "/profile_measures.txt").expected) {
        EXPECT_TRUE(names.contains(name)) << name;
    }
}

TEST(PairwiseMeasures, RanksWithoutRowsTakePart) {
    const auto world = mpi::Communicator::world();
    const Screen local = screen_of(world.is_root() ? Range{0, 9} : Range{9, 9}, 9, 30, false);
    const eval::MeasureTable table = pairwise_measures(world, local.truth, local.predicted);
    EXPECT_EQ(table.values.rows(), world.is_root() ? 9 : 0);
    EXPECT_EQ(table.measures.size(), 6U);
    EXPECT_TRUE(table.values.allFinite());
}

TEST(PairwiseMeasures, RowsThatAreNotThereCompeteWithNobody) {
    // Row 3 of 12 is not there: the others are as if it had never been.
    constexpr Index genes = 30;
    const auto world = mpi::Communicator::world();
    const Range mine = block_of(12, world.size(), world.rank());
    Screen with = screen_of(mine, 12, genes, true);
    const Screen whole = screen_of({0, 12}, 12, genes, true);
    Screen without{{}, {"made up", Matrix(mine.size(), genes), whole.predicted.control, {}}};
    without.truth.control = whole.truth.control;
    without.truth.mean = whole.truth.mean;
    without.truth.truth.resize(mine.size(), genes);
    Index kept = 0;
    for (Index row = mine.begin; row < mine.end; ++row) {
        if (row == 3) {
            with.predicted.mean(row - mine.begin, 5) = std::nanf("");
            continue;
        }
        without.truth.truth.row(kept) = whole.truth.truth.row(row);
        without.predicted.mean.row(kept++) = whole.predicted.mean.row(row);
        without.truth.context.push_back(whole.truth.context[static_cast<std::size_t>(row)]);
        without.truth.own.push_back(whole.truth.own[static_cast<std::size_t>(row)]);
    }
    without.truth.truth.conservativeResize(kept, Eigen::NoChange);
    without.predicted.mean.conservativeResize(kept, Eigen::NoChange);
    const eval::MeasureTable a = pairwise_measures(world, with.truth, with.predicted);
    const eval::MeasureTable b = pairwise_measures(world, without.truth, without.predicted);
    kept = 0;
    for (Index row = mine.begin; row < mine.end; ++row) {
        if (row == 3) {
            EXPECT_TRUE(a.values.row(row - mine.begin).array().isNaN().all());
        } else {
            EXPECT_EQ(a.values.row(row - mine.begin), b.values.row(kept++)) << row;
        }
    }
}

TEST(PairwiseMeasures, NirOfTheOnlyPerturbationIsNotDefined) {
    const auto world = mpi::Communicator::world();
    const Screen local = screen_of(world.is_root() ? Range{0, 1} : Range{1, 1}, 1, 30, false);
    const eval::MeasureTable table = pairwise_measures(world, local.truth, local.predicted);
    if (world.is_root()) {
        EXPECT_TRUE(std::isnan(table.values(0, 5)));
        EXPECT_EQ(table.values(0, 0), 1.0);
    }
}

}  // namespace
}  // namespace lazynet::scoring
