#include "lazynet/data/gene_stage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

constexpr std::int32_t kGenes = 2000;
using Entry = std::tuple<std::int32_t, std::int32_t, float>;  ///< gene, condition, value

/// Some cells: far apart genes, zeros, counts above 255; and what has to come out.
struct Cells {
    std::vector<std::vector<std::byte>> pieces;
    std::vector<Entry> expected;

    Cells(Normalization kind, double density) {
        for (Index cell = 0; cell < 40; ++cell) {
            const Random random(3, "gene stage", {cell});
            std::vector<std::int32_t> genes{static_cast<std::int32_t>(random.below(0, 20))};
            std::vector<float> values{7};
            for (std::int32_t g = genes[0] + 1; g < kGenes; ++g) {
                const auto counter = static_cast<std::uint64_t>(g);
                if (random.uniform(counter) < density) {
                    genes.push_back(g);
                    const std::int64_t shown = cell % 3 == 0 || g % 2 == 1 ? 1 : 0;  // stored zeros
                    values.push_back(static_cast<float>(shown * random.below(counter + kGenes, 400)));
                }
            }
            add(kind, static_cast<std::int32_t>(random.below(50, 5)), genes, values);
        }
        std::ranges::sort(expected);
    }

private:
    void add(Normalization kind, std::int32_t condition, const std::vector<std::int32_t>& genes,
             const std::vector<float>& values) {
        const PieceSource source{condition, 0, kind == Normalization::counts ? 0.25F : 1.0F, genes, values};
        const PieceHeader plan = plan_piece(source, kind);
        pieces.emplace_back(plan.bytes());
        write_piece(plan, source, pieces.back().data());
        for (std::size_t i = 0; i < genes.size(); ++i) {
            float value = values[i] * source.scale;
            if (kind == Normalization::counts) {
                log1p_in_place({&value, 1});
            }
            if (value > 0) {
                expected.emplace_back(genes[i], condition, value);
            }
        }
    }
};

std::vector<Entry> entries_of(GeneStage& stage, Index step) {
    std::vector<Entry> entries;
    GeneColumns columns;
    for (Index first = 0; first < kGenes; first += step) {
        stage.next(std::min<Index>(step, kGenes - first), columns);
        for (Index g = 0; g < columns.genes(); ++g) {
            const auto begin = static_cast<std::size_t>(columns.offsets[static_cast<std::size_t>(g)]);
            const auto end = static_cast<std::size_t>(columns.offsets[static_cast<std::size_t>(g) + 1]);
            EXPECT_TRUE(std::is_sorted(columns.conditions.begin() + static_cast<std::ptrdiff_t>(begin),
                                       columns.conditions.begin() + static_cast<std::ptrdiff_t>(end)));
            for (std::size_t i = begin; i < end; ++i) {
                entries.emplace_back(static_cast<std::int32_t>(first + g), columns.conditions[i], columns.values[i]);
            }
        }
    }
    std::ranges::sort(entries);
    return entries;
}

TEST(GeneStage, GivesBackEveryValueGeneByGene) {
    for (const auto kind : {Normalization::counts, Normalization::log1p}) {
        for (const double density : {0.4, 0.002}) {  // 0.002: gaps that do not fit a byte
            const Cells cells(kind, density);
            ASSERT_GT(cells.expected.size(), 40U);
            for (const Index step : {1, 7, 128, 2000}) {
                GeneStage stage;
                for (std::size_t i = 0; i < cells.pieces.size(); ++i) {
                    const auto& piece = cells.pieces[i];
                    if (i % 2 == 0) {
                        stage.add(piece);
                    } else {
                        std::ranges::copy(piece, stage.room(piece.size()));
                        stage.keep(piece.size());
                    }
                }
                EXPECT_EQ(entries_of(stage, step), cells.expected);
            }
        }
    }
}

TEST(GeneStage, HasEmptyGenesWithoutCells) {
    GeneStage stage;
    GeneColumns columns;
    stage.next(3, columns);
    EXPECT_EQ(columns.offsets, (std::vector<std::int64_t>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace lazynet
