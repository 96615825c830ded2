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

std::size_t put(const Cell& cell, Normalization kind, std::byte* out) {
    return pack_piece({cell.condition, 0, 0, cell.scale, cell.genes, cell.values}, kind, out);
}

CellStage::Result average(const std::vector<Cell>& cells, Index conditions, Index genes, std::size_t capacity,
                          bool backwards) {
    CellStage stage(conditions, genes, capacity);
    std::vector<Index> n(static_cast<std::size_t>(conditions), 0);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Cell& cell = cells[backwards ? cells.size() - 1 - i : i];
        ++n[static_cast<std::size_t>(cell.condition)];
        if (backwards) {
            std::vector<std::byte> message(piece_bound(cell.genes.size()));
            message.resize(put(cell, Normalization::counts, message.data()));
            stage.add(message);
        } else {
            stage.keep(put(cell, Normalization::counts, stage.room(piece_bound(cell.genes.size()))));
        }
    }
    return stage.finish(n);
}

TEST(CellPiece, TakesThreeBytesPerCountAndSixPerValue) {
    Cell cell = made_up_cells(1, 1000, 1)[0];
    const std::size_t n = cell.genes.size();
    std::vector<std::byte> out(piece_bound(n));
    EXPECT_LE(put(cell, Normalization::log1p, out.data()), 6 * n + sizeof(PieceHeader) + 8);
    for (float& v : cell.values) {
        v = std::min(v, 255.0F);
    }
    EXPECT_LE(put(cell, Normalization::counts, out.data()), 3 * n + sizeof(PieceHeader) + 8);
    for (float& v : cell.values) {
        v = 300.0F;
    }
    EXPECT_LE(put(cell, Normalization::counts, out.data()), piece_bound(n));
}

TEST(CellPiece, AddsCountsBeyondAByteToo) {
    const Cell cell{0, {1, 2, 4}, {255.0F, 256.0F, 100000.0F}, 0.01F};
    std::vector<std::byte> out(piece_bound(3));
    put(cell, Normalization::counts, out.data());
    std::vector<Moments> row(5);
    add_piece(out.data(), row.data());
    EXPECT_EQ(row[0].sum, 0);
    EXPECT_NEAR(static_cast<double>(row[1].sum) * 0x1p-24, std::log1p(2.55), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[2].sum) * 0x1p-24, std::log1p(2.56), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[4].sum) * 0x1p-24, std::log1p(1000.0), 1e-6);
    EXPECT_NEAR(static_cast<double>(row[4].squares) * 0x1p-28, std::pow(std::log1p(1000.0), 2), 1e-5);
}

TEST(CellPiece, CountsGenesFromItsOrigin) {
    const std::vector<std::int32_t> genes = {70000, 70005};
    const std::vector<float> values = {1.0F, 2.0F};
    std::vector<std::byte> out(piece_bound(2));
    pack_piece({0, 2, 70000, 1.0F, genes, values}, Normalization::log1p, out.data());
    std::vector<Moments> row(8);
    add_piece(out.data(), row.data());
    EXPECT_EQ(row[2].sum, std::int64_t{1} << 24);
    EXPECT_EQ(row[7].sum, std::int64_t{2} << 24);
}

TEST(CellStage, GivesTheSameBitsInAnyOrderAndWithAnyRoom) {
    const auto cells = made_up_cells(300, 100, 7);
    const auto roomy = average(cells, 7, 100, 1 << 20, false);
    for (const std::size_t capacity : {std::size_t{1} << 20, std::size_t{5000}, piece_bound(100)}) {
        for (const bool backwards : {false, true}) {
            const auto other = average(cells, 7, 100, capacity, backwards);
            EXPECT_EQ(other.mean, roomy.mean);
            EXPECT_EQ(other.variance, roomy.variance);
            for (std::size_t g = 0; g < 100; ++g) {
                EXPECT_EQ(other.together[g].sum, roomy.together[g].sum);
                EXPECT_EQ(other.together[g].squares, roomy.together[g].squares);
            }
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
