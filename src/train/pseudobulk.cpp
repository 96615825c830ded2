#include "lazynet/train/pseudobulk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "lazynet/data/cell_piece.hpp"
#include "lazynet/data/cell_stage.hpp"
#include "lazynet/data/variable_genes.hpp"
#include "lazynet/train/cell_stream.hpp"

namespace lazynet::train {
namespace {

constexpr std::size_t kStageBytes = std::size_t{128} << 20;
/// Entries a rank reads between two exchanges: 4 to 10 MB of messages.
constexpr Index kRoundEntries = Index{1} << 21;

/// All packed cells if they take no more than the table of sums would, so that the table is never needed.
std::size_t stage_bytes(const io::MatrixReader& reader, Normalization normalization, Index conditions, Index genes,
                        int ranks) {
    const std::size_t table = static_cast<std::size_t>(conditions * genes) * sizeof(Moments);
    const double per_entry = normalization == Normalization::counts ? 2 : 5;
    const double headers = static_cast<double>(reader.cells()) * sizeof(PieceHeader);
    const double expected = 1.25 * per_entry * static_cast<double>(reader.stored()) / ranks + headers;
    const bool fits = reader.stored() >= 0 && expected <= static_cast<double>(table);
    return fits ? std::max(table, kStageBytes) : kStageBytes;
}

/// Takes cells apart by the owners of their genes.
class Router {
public:
    Router(const mpi::Communicator& world, Index genes, Normalization normalization, CellStage& mine)
        : rank_(static_cast<std::size_t>(world.rank())),
          normalization_(normalization),
          mine_(mine),
          outgoing_(static_cast<std::size_t>(world.size())) {
        for (int r = 0; r < world.size(); ++r) {
            blocks_.push_back(block_of(genes, world.size(), r));
        }
    }

    void route(const CellStream::Cell& cell) {
        std::size_t begin = 0;
        for (std::size_t r = 0; r < blocks_.size(); ++r) {
            const std::size_t end =
                r + 1 == blocks_.size() ? cell.genes.size() : first_from(cell.genes, begin, blocks_[r].end);
            if (end > begin) {
                pack(cell, r, begin, end);
            }
            begin = end;
        }
    }

    /// Collective: sends what was routed since the last call and takes in what others sent here.
    void deliver(const mpi::Communicator& world) {
        if (world.size() == 1) {
            return;
        }
        for (const auto& pieces : world.exchange(outgoing_)) {
            mine_.add(pieces);
        }
        for (auto& pieces : outgoing_) {
            pieces.clear();
        }
    }

private:
    static std::size_t first_from(std::span<const std::int32_t> genes, std::size_t begin, Index gene) {
        const auto at = genes.begin() + static_cast<std::ptrdiff_t>(begin);
        return static_cast<std::size_t>(std::lower_bound(at, genes.end(), gene) - genes.begin());
    }

    void pack(const CellStream::Cell& cell, std::size_t owner, std::size_t begin, std::size_t end) {
        const std::size_t n = end - begin;
        const PieceSource source{cell.condition, static_cast<std::int32_t>(blocks_[owner].begin), cell.scale,
                                 cell.genes.subspan(begin, n), cell.values.subspan(begin, n)};
        const PieceHeader plan = plan_piece(source, normalization_);
        if (owner == rank_) {
            write_piece(plan, source, mine_.room(plan.bytes()));
            mine_.keep(plan.bytes());
            return;
        }
        const std::size_t used = outgoing_[owner].size();
        outgoing_[owner].resize(used + plan.bytes());
        write_piece(plan, source, outgoing_[owner].data() + used);
    }

    std::size_t rank_;
    Normalization normalization_;
    CellStage& mine_;
    std::vector<Range> blocks_;  ///< genes by owner
    std::vector<std::vector<std::byte>> outgoing_;
};

/// Tells how far the reading is, at most once every two seconds.
class ReadingProgress {
public:
    ReadingProgress(Log& log, const Screen& screen) : log_(log), screen_(screen) {}
    void tell(Index done, Index of) {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::seconds(2)) {
            return;
        }
        last_ = now;
        told_ = true;
        log_.progress(fmt::format("{}: averaging cells, {:.0f} %", screen_.name, 100.0 * double(done) / double(of)),
                      fmt::format("phase=pseudobulk screen={} cells={} of={}", screen_.name, done, of));
    }
    void done() {
        if (told_) {
            log_.progress_done();
        }
    }

private:
    Log& log_;
    const Screen& screen_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    bool told_ = false;
};

std::vector<Index> cells_per_condition(const Screen& screen) {
    std::vector<Index> cells(screen.conditions.size(), 0);
    for (const std::int32_t c : screen.cell_condition) {
        if (c >= 0) {
            ++cells[static_cast<std::size_t>(c)];
        }
    }
    return cells;
}

Pseudobulk assemble(Range genes, CellStage& stage, const std::vector<Index>& cells) {
    CellStage::Result sums = stage.finish(cells);
    Pseudobulk bulk;
    bulk.genes = genes;
    bulk.mean = std::move(sums.mean);
    bulk.variance = std::move(sums.variance);
    bulk.cells = std::accumulate(cells.begin(), cells.end(), Index{0});
    bulk.gene_mean.resize(genes.size());
    bulk.gene_variance.resize(genes.size());
    const auto n = static_cast<std::size_t>(genes.size());
    finish_moments(sums.together, bulk.cells, std::span(bulk.gene_mean.data(), n),
                   std::span(bulk.gene_variance.data(), n));
    return bulk;
}

}  // namespace

Pseudobulk pseudobulk(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                      Normalization normalization, Log& log) {
    const auto genes = static_cast<Index>(screen.genes.size());
    const auto conditions = static_cast<Index>(screen.conditions.size());
    const Range own = block_of(genes, world.size(), world.rank());
    CellStage stage(conditions, own.size(), stage_bytes(reader, normalization, conditions, own.size(), world.size()));
    Router router(world, genes, normalization, stage);
    const Range slice = block_of(reader.cells(), world.size(), world.rank());
    CellStream stream(reader, screen, normalization, slice);
    ReadingProgress progress(log, screen);

    // In rounds: every rank reads some of its cells, alone; then all exchange what they read. A rank whose slice has
    // ended goes on exchanging until all have.
    for (bool more = true; more;) {
        world.together([&] {
            for (Index entries = 0; entries < kRoundEntries && stream.next(); entries += stream.stored()) {
                for (Index i = 0; i < stream.cells(); ++i) {
                    router.route(stream.cell(i));
                }
            }
        });
        router.deliver(world);
        progress.tell(slice.size() - stream.left(), std::max(slice.size(), Index{1}));
        more = world.max(std::int64_t{stream.left()}) > 0;
    }
    progress.done();
    return assemble(own, stage, cells_per_condition(screen));
}

std::vector<Index> highly_variable(const mpi::Communicator& world, const Pseudobulk& bulk, const Screen& screen,
                                   Index n) {
    const auto own = static_cast<std::size_t>(bulk.genes.size());
    const std::vector<double> mean = world.gather(std::span<const double>(bulk.gene_mean.data(), own));
    const std::vector<double> variance = world.gather(std::span<const double>(bulk.gene_variance.data(), own));
    std::vector<Index> perturbed;
    for (const Condition& condition : screen.conditions) {
        std::copy_if(condition.targets.begin(), condition.targets.end(), std::back_inserter(perturbed),
                     [&](Index j) { return j < static_cast<Index>(screen.genes.size()); });
    }
    return most_variable(mean, variance, n, perturbed);
}

}  // namespace lazynet::train
