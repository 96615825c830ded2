#include "lazynet/train/cell_table.hpp"

#include <gtest/gtest.h>

#include "lazynet/core/error.hpp"
#include "made_up_screen.hpp"

namespace lazynet::train {
namespace {

void expect_equals_file(const CellTable& table, const Screen& screen, const MatrixD& x) {
    Index at = 0;
    for (Index cell = 0; cell < x.rows(); ++cell) {
        const std::int32_t condition = screen.cell_condition[static_cast<std::size_t>(cell)];
        if (condition < 0) {
            continue;
        }
        EXPECT_EQ(table.condition()[static_cast<std::size_t>(at)], condition);
        EXPECT_EQ(table.batch()[static_cast<std::size_t>(at)], screen.cell_batch[static_cast<std::size_t>(cell)]);
        VectorD row = VectorD::Zero(x.cols());
        Index before = -1;
        table.for_each(at, [&](Index gene, float value) {
            EXPECT_LT(before, gene);
            before = gene;
            row[gene] = static_cast<double>(value);
        });
        EXPECT_LT((row - x.row(cell).transpose()).cwiseAbs().maxCoeff(), 1e-5) << "cell " << cell;
        EXPECT_EQ(static_cast<Index>(table.values(at).size()), table.entries(at).size());
        ++at;
    }
    EXPECT_EQ(at, table.cells());
}

struct Case {
    Index genes;
    Normalization kind;
    Index dropped;
};

TEST(CellTable, HoldsTheNormalisedFileOnEveryRank) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    for (const Case& k : {Case{200, Normalization::counts, 0}, Case{200, Normalization::log1p, 5},
                          Case{65536, Normalization::counts, 0}, Case{65537, Normalization::counts, 0}}) {
        MadeUpMatrix matrix(k.genes > 1000 ? 12 : 150, k.genes, 0.1, k.kind);
        const Screen screen = made_up_screen(matrix, 6, k.dropped);
        const CellTable table = load_cells(world, matrix, screen, k.kind, log);
        EXPECT_EQ(table.genes(), static_cast<Index>(screen.genes.size()));
        expect_equals_file(table, screen, naive_expression(matrix, screen, k.kind));
        world.barrier();  // the table goes away collectively
    }
}

TEST(CellTable, HasTheSameBitsAsOnOneRank) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(150, 200, 0.2, Normalization::counts);
    const Screen screen = made_up_screen(matrix, 6, 4);
    const CellTable shared = load_cells(world, matrix, screen, Normalization::counts, log);
    const CellTable single = load_cells(alone, matrix, screen, Normalization::counts, log);
    ASSERT_EQ(shared.stored(), single.stored());
    for (Index cell = 0; cell < single.cells(); ++cell) {
        EXPECT_EQ(shared.entries(cell), single.entries(cell));
        const auto a = shared.values(cell);
        const auto b = single.values(cell);
        EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
}

TEST(CellTable, RefusesBadValuesOnAllRanks) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    MadeUpMatrix matrix(100, 30, 0.5, Normalization::counts);
    matrix.spoil(99, -2.0F);
    const Screen screen = made_up_screen(matrix, 5, 0);
    EXPECT_THROW(load_cells(world, matrix, screen, Normalization::counts, log), AgreedError);
}

}  // namespace
}  // namespace lazynet::train
