#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lazynet/core/error.hpp"
#include "lazynet/scoring/cell_spreads.hpp"
#include "lazynet/scoring/energy.hpp"
#include "lazynet/scoring/halves.hpp"
#include "made_up_screen.hpp"
#include "own_rows.hpp"

namespace lazynet::scoring {
namespace {

/// Dense rows of the cells of one condition.
MatrixD cells_of(const MatrixD& x, const Screen& screen, Index condition) {
    std::vector<Index> rows;
    for (Index i = 0; i < x.rows(); ++i) {
        if (screen.cell_condition[static_cast<std::size_t>(i)] == condition) {
            rows.push_back(i);
        }
    }
    return x(rows, Eigen::all);
}

TEST(Halves, CutEveryConditionInTheMiddle) {
    MadeUpMatrix matrix(300, 5, 0.5, Normalization::counts);
    const Screen screen = made_up_screen(matrix, 6, 0);
    const auto halves = halves_of_cells(screen, 1);
    std::vector<Index> first(6, 0);
    std::vector<Index> second(6, 0);
    for (std::size_t i = 0; i < halves.size(); ++i) {
        const std::int32_t c = screen.cell_condition[i];
        EXPECT_EQ(halves[i] < 0, c < 0);
        if (c >= 0) {
            ++(halves[i] == 0 ? first : second)[static_cast<std::size_t>(c)];
        }
    }
    for (std::size_t c = 0; c < 6; ++c) {
        EXPECT_GT(first[c], 10);
        EXPECT_TRUE(second[c] == first[c] || second[c] == first[c] + 1);
    }
    EXPECT_EQ(halves_of_cells(screen, 1), halves);
    EXPECT_NE(halves_of_cells(screen, 2), halves);
}

TEST(Halves, HaveTheMeansOfTheirCells) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(300, 40, 0.3, Normalization::counts);
    Screen screen = made_up_screen(matrix, 7, 5);
    for (std::size_t i = 0; i < 300; ++i) {  // one condition with a single cell
        screen.cell_condition[i] = screen.cell_condition[i] == 6 ? -1 : screen.cell_condition[i];
    }
    screen.cell_condition[20] = 6;
    const auto halves = halves_of_cells(screen, 9);
    Screen second = screen;
    for (std::size_t i = 0; i < 300; ++i) {
        second.cell_condition[i] = halves[i] == 1 ? screen.cell_condition[i] : -1;
    }
    const MatrixD x = naive_expression(matrix, screen, Normalization::counts);
    const std::vector<Index> rows = own_rows(world, 7);
    const Halves got = half_means(world, matrix, screen, Normalization::counts, rows, 9, log);
    const Halves all = half_means(alone, matrix, screen, Normalization::counts, own_rows(alone, 7), 9, log);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<Index>(i);
        EXPECT_EQ(got.second.row(row), all.second.row(rows[i]));
        const MatrixD cells = cells_of(x, second, rows[i]);
        EXPECT_EQ(got.second_cells[i], cells.rows());
        EXPECT_TRUE(got.second.row(row).cast<double>().isApprox(cells.colwise().mean(), 1e-5));
        if (rows[i] == 6) {
            EXPECT_EQ(got.first_cells[i], 0);
            EXPECT_TRUE(got.first.row(row).array().isNaN().all());
        } else {
            EXPECT_EQ(got.first.row(row), all.first.row(rows[i]));
            EXPECT_FALSE(got.first.row(row).isApprox(got.second.row(row), 1e-3F));
        }
    }
}

double naive_mean_distance(const MatrixD& a, const MatrixD& b, bool squared) {
    double sum = 0;
    for (Index i = 0; i < a.rows(); ++i) {
        for (Index j = 0; j < b.rows(); ++j) {
            const double d = (a.row(i) - b.row(j)).squaredNorm();
            sum += squared ? d : std::sqrt(d);
        }
    }
    return sum / static_cast<double>(a.rows() * b.rows());
}

double naive_energy(const MatrixD& a, const MatrixD& b, bool squared) {
    return 2 * naive_mean_distance(a, b, squared) - naive_mean_distance(a, a, squared) -
           naive_mean_distance(b, b, squared);
}

TEST(EnergyDistances, EqualTheNaiveOnesAndHaveTheSameBitsOnAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(1700, 60, 0.3, Normalization::log1p);  // more than one tile of controls and of a condition
    Screen screen = made_up_screen(matrix, 6, 7);
    std::ranges::replace(screen.cell_condition, 5, -1);  // one condition without cells
    const MatrixD x = naive_expression(matrix, screen, Normalization::log1p);
    const std::vector<Index> rows = own_rows(world, 6);
    const EnergyDistances got = energy_distances(world, matrix, screen, Normalization::log1p, rows, log);
    const EnergyDistances all = energy_distances(alone, matrix, screen, Normalization::log1p, own_rows(alone, 6), log);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<Index>(i);
        if (rows[i] == 5) {
            EXPECT_TRUE(std::isnan(got.plain[row]) && std::isnan(got.squared[row]));
            continue;
        }
        EXPECT_EQ(got.plain[row], all.plain[rows[i]]);
        EXPECT_EQ(got.squared[row], all.squared[rows[i]]);
        const MatrixD own = cells_of(x, screen, rows[i]);
        const MatrixD control = cells_of(x, screen, rows[i] % 2);
        EXPECT_NEAR(got.plain[row], naive_energy(own, control, false), 1e-9);
        EXPECT_NEAR(got.squared[row], naive_energy(own, control, true), 1e-9);
    }
}

TEST(EnergyDistances, AreCorrelatedOverAllRanksRows) {
    const auto world = mpi::Communicator::world();
    const std::vector<Index> rows = own_rows(world, 5);
    VectorD real(static_cast<Index>(rows.size()));
    VectorD predicted(real.size());
    const std::vector<double> x{1, 2, std::nan(""), 4, 7};
    const std::vector<double> y{2, 1, 3, 5, 5};
    for (Index i = 0; i < real.size(); ++i) {
        real[i] = x[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
        predicted[i] = y[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
    }
    EXPECT_NEAR(pearson_edistance(world, real, predicted), 0.8250286473253902, 1e-12);
    real.setConstant(1);
    EXPECT_TRUE(std::isnan(pearson_edistance(world, real, predicted)));
}

TEST(CellSpreads, EqualTheNaiveOnesAndHaveTheSameBitsOnAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), Log::Level::quiet);
    const auto wanted = [](Index row) {  // some rows want nothing
        std::vector<std::int32_t> genes;
        for (Index g = 0; g < row; ++g) {
            genes.push_back(static_cast<std::int32_t>((7 * g + row) % 30));
        }
        return genes;
    };
    const auto wishes = [&](const std::vector<Index>& rows) {
        std::vector<std::vector<std::int32_t>> genes;
        std::ranges::transform(rows, std::back_inserter(genes), wanted);
        return genes;
    };
    for (const auto kind : {Normalization::counts, Normalization::log1p}) {
        MadeUpMatrix matrix(300, 40, 0.3, kind);
        const Screen screen = made_up_screen(matrix, 7, 6);
        const MatrixD x = naive_expression(matrix, screen, kind);
        const std::vector<Index> rows = own_rows(world, 7);
        const std::vector<Index> all_rows = own_rows(alone, 7);
        const auto got = cell_spreads(world, matrix, screen, kind, rows, wishes(rows), log);
        const auto all = cell_spreads(alone, matrix, screen, kind, all_rows, wishes(all_rows), log);
        ASSERT_EQ(got.size(), rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const MatrixD cells = cells_of(x, screen, rows[i]);
            const auto genes = wanted(rows[i]);
            ASSERT_EQ(got[i].size(), genes.size());
            for (std::size_t g = 0; g < genes.size(); ++g) {
                const eval::GeneSpread& spread = got[i][g];
                EXPECT_EQ(spread.gene, genes[g]);
                EXPECT_EQ(spread.mean, all[static_cast<std::size_t>(rows[i])][g].mean);
                EXPECT_EQ(spread.sd, all[static_cast<std::size_t>(rows[i])][g].sd);
                EXPECT_EQ(spread.q45, all[static_cast<std::size_t>(rows[i])][g].q45);
                EXPECT_NEAR(spread.mean, cells.col(genes[g]).mean(), 1e-6);
                EXPECT_NEAR(spread.max, cells.col(genes[g]).maxCoeff(), 1e-6);
                EXPECT_EQ(spread.min, 0);
            }
        }
    }
}

TEST(CellMeasures, AreEmptyWithoutCells) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(20, 30, 0.5, Normalization::log1p);
    Screen screen = made_up_screen(matrix, 5, 0);
    screen.rows_are_conditions = true;
    const auto rows = own_rows(world, 5);
    const std::vector<std::vector<std::int32_t>> genes(rows.size(), {1, 2});
    EXPECT_TRUE(half_means(world, matrix, screen, Normalization::log1p, rows, 1, log).empty());
    EXPECT_EQ(energy_distances(world, matrix, screen, Normalization::log1p, rows, log).plain.size(), 0);
    for (const auto& of_row : cell_spreads(world, matrix, screen, Normalization::log1p, rows, genes, log)) {
        EXPECT_TRUE(of_row.empty());
    }
}

}  // namespace
}  // namespace lazynet::scoring
