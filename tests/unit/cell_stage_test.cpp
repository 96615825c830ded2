#include "lazynet/data/cell_stage.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/data/cell_piece.hpp"

namespace lazynet {
namespace {

struct Cell {
    std::int32_t condition;
    std::vector<std::int32_t> genes;
    std::vector<float> values;
    float scale;
};

std::vector<Cell> made_up_cells(Index cells, Index genes, Index conditions) {
    std::vector<Cell> all;
    for (Index c = 0; c < cells; ++c) {
        const Random random(1, "cells", {c});
        Cell cell{static_cast<std::int32_t>(random.below(0, conditions)), {}, {}, 0.5F};
        for (Index g = 0; g < genes; ++g) {
            if (random.uniform(static_cast<std::uint64_t>(g) + 1) < 0.4) {
                cell.genes.push_back(static_cast<std::int32_t>(g));
                cell.values.push_back(static_cast<float>(random.below(static_cast<std::uint64_t>(g + genes) + 1, 400)));
            }
        }
        all.push_back(cell);
    }
    return all;
}

std::vector<std::byte> pack(const PieceSource& source, Normalization kind) {
    const PieceHeader plan = plan_piece(source, kind);
    std::vector<std::byte> piece(plan.bytes());
    write_piece(plan, source, piece.data());
    EXPECT_EQ(piece_header(piece.data()).bytes(), piece.size());
    return piece;
}

std::vector<std::byte> pack(const Cell& cell, Normalization kind = Normalization::counts) {
    return pack({cell.condition, 0, cell.scale, cell.genes, cell.values}, kind);
}

CellStage::Result average(const std::vector<Cell>& cells, Index conditions, Index genes, std::size_t capacity,
                          bool backwards) {
    CellStage stage(conditions, genes, capacity);
    std::vector<Index> n(static_cast<std::size_t>(conditions), 0);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Cell& cell = cells[backwards ? cells.size() - 1 - i : i];
        ++n[static_cast<std::size_t>(cell.condition)];
        const auto piece = pack(cell);
        if (backwards) {
            stage.add(piece);
        } else {
            std::copy(piece.begin(), piece.end(), stage.room(piece.size()));
            stage.keep(piece.size());
        }
    }
    return stage.finish(n);
}

TEST(CellPiece, TakesTwoBytesPerCountAndFivePerValue) {
    Cell cell = made_up_cells(1, 1000, 1)[0];
    const std::size_t n = cell.genes.size();
    EXPECT_LE(pack(cell, Normalization::log1p).size(), 5 * n + sizeof(PieceHeader) + 8);
    for (float& v : cell.values) {
        v = std::min(v, 255.0F);
    }
    EXPECT_LE(pack(cell).size(), 2 * n + sizeof(PieceHeader) + 8);
}

TEST(CellPiece, AddsCountsBeyondAByteToo) {
    std::vector<Moments> row(5);
    add_piece(pack(Cell{0, {1, 2, 4}, {255.0F, 256.0F, 100000.0F}, 0.01F}).data(), row.data());
    EXPECT_EQ(row[0].sum, 0);
    EXPECT_NEAR(static_cast<double>(row[1].sum) * 0x1p-24, std::log1p(2.55), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[2].sum) * 0x1p-24, std::log1p(2.56), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[4].sum) * 0x1p-24, std::log1p(1000.0), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[4].squares) * 0x1p-28, std::pow(std::log1p(1000.0), 2), 1e-5);
}

TEST(CellPiece, CountsGenesFromItsOrigin) {
    const std::vector<std::int32_t> genes = {70002, 70005};
    const std::vector<float> values = {1.0F, 2.0F};
    std::vector<Moments> row(8);
    add_piece(pack({0, 70000, 1.0F, genes, values}, Normalization::log1p).data(), row.data());
    EXPECT_EQ(row[2].sum, std::int64_t{1} << 24);
    EXPECT_EQ(row[5].sum, std::int64_t{2} << 24);
}

TEST(CellPiece, ReachesGenesAnyDistanceApart) {
    const std::vector<std::int32_t> genes = {3, 257, 258, 513, 768, 1023, 1280, 100000, 200001};
    for (const Normalization kind : {Normalization::counts, Normalization::log1p}) {
        for (const float value : {1.0F, 2.0F, 400.0F}) {
            if (kind == Normalization::log1p && value > kLargestLogValue) {
                continue;
            }
            const std::vector<float> values(genes.size(), value);
            std::vector<Moments> row(200002);
            add_piece(pack({0, 0, 1.0F, genes, values}, kind).data(), row.data());
            const float expected = kind == Normalization::counts ? std::log1p(value) : value;
            std::size_t next = 0;
            for (std::size_t g = 0; g < row.size(); ++g) {
                const bool here = next < genes.size() && static_cast<std::size_t>(genes[next]) == g;
                next += here ? 1 : 0;
                ASSERT_NEAR(static_cast<double>(row[g].sum) * 0x1p-24, here ? expected : 0.0F, 1e-6) << g;
            }
        }
    }
}

TEST(CellStage, GivesTheSameBitsInAnyOrderAndWithAnyRoom) {
    const auto cells = made_up_cells(300, 100, 7);
    const auto roomy = average(cells, 7, 100, 1 << 20, false);
    for (const std::size_t capacity : {std::size_t{1} << 20, std::size_t{5000}, std::size_t{1000}}) {
        for (const bool backwards : {false, true}) {
            const auto other = average(cells, 7, 100, capacity, backwards);
            EXPECT_EQ(other.mean, roomy.mean);
            EXPECT_EQ(other.variance, roomy.variance);
        }
    }
    EXPECT_GT(roomy.mean.minCoeff(), 0.0F);
}

TEST(CellStage, RefusesAPieceThatCanNeverFit) {
    CellStage stage(1, 1, 100);
    EXPECT_THROW(stage.room(101), InternalError);
}

TEST(CellStage, LeavesConditionsWithoutCellsAtZero) {
    CellStage stage(2, 3, 1000);
    const auto result = stage.finish(std::vector<Index>{0, 0});
    EXPECT_EQ(result.mean, Matrix::Zero(2, 3));
    EXPECT_EQ(result.variance, Matrix::Zero(2, 3));
}

}  // namespace
}  // namespace lazynet
