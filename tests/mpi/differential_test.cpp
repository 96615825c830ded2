#include "lazynet/scoring/differential.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lazynet/core/error.hpp"
#include "lazynet/eval/gene_tests.hpp"
#include "lazynet/kernels/false_discovery.hpp"
#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/pseudobulk.hpp"
#include "made_up_screen.hpp"
#include "own_rows.hpp"

namespace lazynet::scoring {
namespace {

struct Case {
    Index cells;
    Index genes;
    double density;
    Normalization kind;
    Index conditions;
    Index dropped;
    const char* layout;
};

const Case kCases[] = {
    {400, 300, 0.2, Normalization::counts, 13, 0, "csr"},
    {400, 300, 0.2, Normalization::log1p, 13, 7, "csr"},
    {90, 70, 0.5, Normalization::counts, 5, 3, "csv"},
    {12, 2, 0.9, Normalization::counts, 3, 0, "dense"},  // more ranks than genes and rows
};

std::vector<const Matrix*> parts(const eval::DifferentialTable& table) {
    return {&table.log_fold, &table.rank_p,     &table.rank_q,      &table.score,
            &table.score_q,  &table.score_rest, &table.score_rest_q};
}

/// Same bits, NaN included.
void expect_same_rows(const eval::DifferentialTable& got, const eval::DifferentialTable& all,
                      const std::vector<Index>& rows) {
    for (std::size_t part = 0; part < parts(got).size(); ++part) {
        const Matrix& mine = *parts(got)[part];
        const Matrix& whole = *parts(all)[part];
        ASSERT_EQ(mine.rows(), static_cast<Index>(rows.size()));
        ASSERT_EQ(mine.cols(), whole.cols());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const float* a = mine.row(static_cast<Index>(i)).data();
            EXPECT_TRUE(std::equal(
                a, a + mine.cols(), whole.row(rows[i]).data(),
                [](float x, float y) { return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y); }))
                << "part " << part << " row " << rows[i];
        }
    }
}

TEST(DifferentialExpression, HasTheSameBitsOnAnyNumberOfRanksAndPasses) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), Log::Level::quiet);
    for (const Case& k : kCases) {
        MadeUpMatrix matrix(k.cells, k.genes, k.density, k.kind, k.layout);
        const Screen screen = made_up_screen(matrix, k.conditions, k.dropped);
        const std::vector<Index> rows = own_rows(world, k.conditions);
        const auto all = differential_expression(alone, matrix, screen, k.kind, own_rows(alone, k.conditions), log);
        const auto once = differential_expression(world, matrix, screen, k.kind, rows, log);
        const auto often = differential_expression(world, matrix, screen, k.kind, rows, log, 2000);
        expect_same_rows(once, all, rows);
        expect_same_rows(often, all, rows);
    }
}

/// One gene of one condition, by the kernels that are tested against scipy, from the dense matrix.
eval::GeneTest naive_test(const MatrixD& x, const Screen& screen, Index condition, Index gene) {
    std::vector<float> own;
    std::vector<float> control;
    Index cells = 0;
    Index controls = 0;
    const Index context = screen.conditions[static_cast<std::size_t>(condition)].context;
    for (Index i = 0; i < x.rows(); ++i) {
        const Index c = screen.cell_condition[static_cast<std::size_t>(i)];
        if (c == condition || c == context) {
            ++(c == condition ? cells : controls);
            if (x(i, gene) > 0) {
                (c == condition ? own : control).push_back(static_cast<float>(x(i, gene)));
            }
        }
    }
    std::ranges::sort(own);
    std::ranges::sort(control);
    RankSumReference reference;
    reference.assign(control, controls);
    const auto a = sample_moments(own, cells);
    const auto b = sample_moments(control, controls);
    eval::GeneTest test;
    test.log_fold = static_cast<float>(eval::log2_fold_change(a.mean(), b.mean()));
    test.rank_p = static_cast<float>(reference.test(own, cells).p);
    test.score = static_cast<float>(welch_test(a, b).t);
    return test;
}

TEST(DifferentialExpression, EqualsTheNaiveTests) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(400, 300, 0.2, Normalization::counts);
    const Screen screen = made_up_screen(matrix, 7, 5);
    const MatrixD x = naive_expression(matrix, screen, Normalization::counts);
    const std::vector<Index> rows = own_rows(world, 7);
    const auto table = differential_expression(world, matrix, screen, Normalization::counts, rows, log);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<Index>(i);
        std::vector<float> p(table.rank_p.row(row).begin(), table.rank_p.row(row).end());
        adjust_p_values(p);
        for (Index g = 0; g < x.cols(); ++g) {
            if (rows[i] < 2) {
                EXPECT_TRUE(std::isnan(table.rank_p(row, g)));
                continue;
            }
            const eval::GeneTest expected = naive_test(x, screen, rows[i], g);
            EXPECT_NEAR(table.log_fold(row, g), expected.log_fold, 1e-4F);
            EXPECT_NEAR(table.rank_p(row, g), expected.rank_p, 1e-5F);
            EXPECT_NEAR(table.score(row, g), expected.score, 1e-4F);
            EXPECT_EQ(table.rank_q(row, g), p[static_cast<std::size_t>(g)]);
            EXPECT_GE(table.score_q(row, g), 0.0F);
            EXPECT_TRUE(std::isfinite(table.score_rest(row, g)));
        }
    }
}

TEST(DifferentialExpression, RefusesBadValuesOnAllRanks) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(400, 30, 0.5, Normalization::counts);
    matrix.spoil(395, -1.0F);
    const Screen screen = made_up_screen(matrix, 5, 0);
    EXPECT_THROW(differential_expression(world, matrix, screen, Normalization::counts, own_rows(world, 5), log),
                 AgreedError);
}

TEST(DifferentialExpression, IsEmptyWithoutCells) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(20, 30, 0.5, Normalization::log1p);
    Screen screen = made_up_screen(matrix, 5, 0);
    screen.rows_are_conditions = true;
    const auto rows = own_rows(world, 5);
    EXPECT_TRUE(differential_expression(world, matrix, screen, Normalization::log1p, rows, log).empty());
    screen.rows_are_conditions = false;
    screen.nonnegative = false;
    EXPECT_TRUE(differential_expression(world, matrix, screen, Normalization::none, rows, log).empty());
}

TEST(FetchRows, BringsAnyRowsToAnyRank) {
    const auto world = mpi::Communicator::world();
    const Index genes = 11;
    const Range own = block_of(genes, world.size(), world.rank());
    const Matrix mine = Matrix::NullaryExpr(
        9, own.size(), [&](Index r, Index c) { return static_cast<float>(100 * r + own.begin + c); });
    std::vector<Index> wanted;
    if (world.rank() != 1) {  // one rank wants nothing
        wanted = {8, 0, 5, 5, world.rank()};
    }
    const Matrix got = fetch_rows(world, mine, genes, wanted);
    ASSERT_EQ(got.rows(), static_cast<Index>(wanted.size()));
    for (Index r = 0; r < got.rows(); ++r) {
        for (Index c = 0; c < got.cols(); ++c) {
            EXPECT_EQ(got(r, c), static_cast<float>(100 * wanted[static_cast<std::size_t>(r)] + c));
        }
    }
}

TEST(FetchRows, TakesSeveralRoundsForLongRows) {
    const auto world = mpi::Communicator::world();
    const Index genes = 3'000'000;  // 12 MB a row
    const Range own = block_of(genes, world.size(), world.rank());
    Matrix mine(3, own.size());
    mine.row(0).setConstant(1);
    mine.row(1).setConstant(2);
    mine.row(2).setConstant(3);
    std::vector<Index> wanted{2};
    if (world.is_root()) {
        wanted = {0, 1, 2, 1, 0};
    }
    const Matrix got = fetch_rows(world, mine, genes, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_TRUE((got.row(static_cast<Index>(i)).array() == static_cast<float>(wanted[i] + 1)).all());
    }
}

}  // namespace
}  // namespace lazynet::scoring
