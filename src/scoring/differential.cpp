#include "lazynet/scoring/differential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "lazynet/data/gene_stage.hpp"
#include "lazynet/eval/gene_tests.hpp"
#include "lazynet/kernels/false_discovery.hpp"
#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/cell_routing.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::scoring {
namespace {

constexpr std::size_t kFields = std::tuple_size_v<decltype(eval::GeneTest{}.fields())>;
/// Unpacked entries of the genes that are looked at together, at most.
constexpr Index kStepBytes = Index{256} << 20;
constexpr Index kStepGenes = 128;
constexpr Index kEntryBytes = 20;
constexpr double kCellBytes = 56;

/// How often the cells are read so that what a rank holds of them fits `memory`. The same on every rank.
Index passes_for(const io::MatrixReader& reader, Index genes, Normalization normalization, int ranks,
                 std::size_t memory) {
    const auto cells = static_cast<double>(reader.cells());
    const double entries = reader.stored() >= 0 ? static_cast<double>(reader.stored())
                                                : cells * static_cast<double>(genes) / 4;  // text: not known
    const double per_entry = normalization == Normalization::counts ? 2 : 5;
    const double packed = 1.25 * per_entry * entries / ranks;
    const double room = std::max(static_cast<double>(memory) - kCellBytes * cells, static_cast<double>(memory) / 4);
    return std::clamp(static_cast<Index>(std::ceil(packed / room)), Index{1}, std::max(genes / ranks, Index{1}));
}

/// Genes by rank in one pass.
std::vector<Range> tiles_of(Index genes, int ranks, Index passes, Index pass) {
    std::vector<Range> tiles;
    for (int r = 0; r < ranks; ++r) {
        const Range own = block_of(genes, ranks, r);
        const Range part = block_of(own.size(), passes, pass);
        tiles.push_back({own.begin + part.begin, own.begin + part.end});
    }
    return tiles;
}

/// The part of a tile that is looked at in one step; empty when the tile has ended.
Range step_of(Range tile, Index step, Index genes) {
    return {std::min(tile.begin + step * genes, tile.end), std::min(tile.begin + (step + 1) * genes, tile.end)};
}

/// Conditions that some rank holds.
std::vector<bool> wanted_by_any(const std::vector<std::vector<std::int64_t>>& rows_by_rank, std::size_t conditions) {
    std::vector<bool> wanted(conditions, false);
    for (const auto& rows : rows_by_rank) {
        for (const std::int64_t row : rows) {
            wanted[static_cast<std::size_t>(row)] = true;
        }
    }
    return wanted;
}

class Tester {
public:
    Tester(const mpi::Communicator& world, const Screen& screen, const std::vector<Index>& rows)
        : world_(world),
          rows_by_rank_(rows_of_all_ranks(world, rows)),
          tests_(screen, train::cells_per_condition(screen), wanted_by_any(rows_by_rank_, screen.conditions.size())) {
        const auto genes = static_cast<Index>(screen.genes.size());
        for (Matrix* m : {&table_.log_fold, &table_.rank_p, &table_.score, &score_p_, &table_.score_rest, &rest_p_}) {
            m->resize(static_cast<Index>(rows.size()), genes);
        }
    }

    /// Collective: tests the next genes of every rank. @param steps per rank: which genes
    void step(GeneStage& stage, const std::vector<Range>& steps) {
        const Range own = steps[static_cast<std::size_t>(world_.rank())];
        std::vector<std::vector<std::byte>> to(rows_by_rank_.size());
        if (own.size() > 0) {
            stage.next(own.size(), columns_);
            test_genes(to);
        }
        const auto from = world_.exchange(to);
        for (std::size_t r = 0; r < from.size(); ++r) {
            take(from[r], steps[r]);
        }
    }

    eval::DifferentialTable finish() {
        table_.rank_q = table_.rank_p;
        table_.score_q = std::move(score_p_);
        table_.score_rest_q = std::move(rest_p_);
        for (Matrix* q : {&table_.rank_q, &table_.score_q, &table_.score_rest_q}) {
            for (Index row = 0; row < q->rows(); ++row) {
                adjust_p_values({q->row(row).data(), static_cast<std::size_t>(q->cols())});
            }
        }
        return std::move(table_);
    }

private:
    /// Results go as [row][field][gene].
    void test_genes(std::vector<std::vector<std::byte>>& to) {
        const auto genes = static_cast<std::size_t>(columns_.genes());
        for (std::size_t r = 0; r < to.size(); ++r) {
            to[r].resize(rows_by_rank_[r].size() * kFields * genes * sizeof(float));
        }
        for (std::size_t g = 0; g < genes; ++g) {
            const auto begin = static_cast<std::size_t>(columns_.offsets[g]);
            const std::size_t n = static_cast<std::size_t>(columns_.offsets[g + 1]) - begin;
            const auto results = tests_.test(std::span(columns_.conditions).subspan(begin, n),
                                             std::span(columns_.values).subspan(begin, n));
            for (std::size_t r = 0; r < to.size(); ++r) {
                auto* out = reinterpret_cast<float*>(to[r].data()) + g;
                for (const std::int64_t condition : rows_by_rank_[r]) {
                    for (const float field : results[static_cast<std::size_t>(condition)].fields()) {
                        *out = field;
                        out += genes;
                    }
                }
            }
        }
    }

    void take(const std::vector<std::byte>& message, Range genes) {
        const std::size_t bytes = static_cast<std::size_t>(genes.size()) * sizeof(float);
        const std::byte* in = message.data();
        for (Index row = 0; row < table_.log_fold.rows() && bytes > 0; ++row) {
            for (Matrix* m :
                 {&table_.log_fold, &table_.rank_p, &table_.score, &score_p_, &table_.score_rest, &rest_p_}) {
                std::memcpy(&(*m)(row, genes.begin), in, bytes);
                in += bytes;
            }
        }
    }

    const mpi::Communicator& world_;
    std::vector<std::vector<std::int64_t>> rows_by_rank_;  ///< conditions
    eval::GeneTests tests_;
    GeneColumns columns_;
    eval::DifferentialTable table_;
    Matrix score_p_;
    Matrix rest_p_;
};

}  // namespace

eval::DifferentialTable differential_expression(const mpi::Communicator& world, io::MatrixReader& reader,
                                                const Screen& screen, Normalization normalization,
                                                const std::vector<Index>& rows, Log& log, std::size_t memory) {
    if (screen.rows_are_conditions || !screen.nonnegative) {
        log.detail(
            fmt::format("{}: no differential expression, as {}", screen.name,
                        screen.rows_are_conditions ? "its rows are conditions" : "its values are not expression"));
        return {};
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    const Index passes = passes_for(reader, genes, normalization, world.size(), memory);
    log.detail(fmt::format("{}: differential expression of {} conditions, {} pass(es) through the cells", screen.name,
                           screen.conditions.size(), passes));
    const Index step_genes =
        std::clamp(kStepBytes / (kEntryBytes * std::max(reader.cells(), Index{1})), Index{1}, kStepGenes);
    Tester tester(world, screen, rows);
    for (Index pass = 0; pass < passes; ++pass) {
        const std::vector<Range> tiles = tiles_of(genes, world.size(), passes, pass);
        GeneStage stage;
        train::route_cells(world, reader, screen, normalization, tiles, stage,
                           {"reading cells for differential expression", "differential"}, log);
        const Index longest = std::ranges::max(tiles, {}, &Range::size).size();
        for (Index step = 0; step * step_genes < longest; ++step) {
            std::vector<Range> steps;
            std::ranges::transform(tiles, std::back_inserter(steps),
                                   [&](Range tile) { return step_of(tile, step, step_genes); });
            tester.step(stage, steps);
        }
    }
    return tester.finish();
}

}  // namespace lazynet::scoring
