#include "lazynet/train/cell_routing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "lazynet/data/cell_piece.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

/// Entries a rank reads between two exchanges: 4 to 10 MB of messages.
constexpr Index kRoundEntries = Index{1} << 21;

/// Takes cells apart by the ranks that want their genes.
class Router {
public:
    Router(const mpi::Communicator& world, const std::vector<Range>& wanted, Normalization normalization,
           PieceSink& mine)
        : rank_(static_cast<std::size_t>(world.rank())),
          normalization_(normalization),
          mine_(mine),
          wanted_(wanted),
          outgoing_(static_cast<std::size_t>(world.size())) {}

    void route(const CellStream::Cell& cell) {
        std::size_t end = 0;
        for (std::size_t r = 0; r < wanted_.size(); ++r) {
            const std::size_t begin = first_from(cell.genes, end, wanted_[r].begin);
            end = first_from(cell.genes, begin, wanted_[r].end);
            if (end > begin) {
                pack(cell, r, begin, end);
            }
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
        if (begin == genes.size() || genes[begin] >= gene) {
            return begin;
        }
        if (genes.back() < gene) {
            return genes.size();
        }
        const auto at = genes.begin() + static_cast<std::ptrdiff_t>(begin);
        return static_cast<std::size_t>(std::lower_bound(at, genes.end(), gene) - genes.begin());
    }

    void pack(const CellStream::Cell& cell, std::size_t owner, std::size_t begin, std::size_t end) {
        const std::size_t n = end - begin;
        const PieceSource source{cell.condition, static_cast<std::int32_t>(wanted_[owner].begin), cell.scale,
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
    PieceSink& mine_;
    const std::vector<Range>& wanted_;
    std::vector<std::vector<std::byte>> outgoing_;
};

/// Tells how far the reading is, at most once every two seconds.
class ReadingProgress {
public:
    ReadingProgress(Log& log, const std::string& screen, const CellPass& pass)
        : log_(log), screen_(screen), pass_(pass) {}
    void tell(Index done, Index of) {
        mpi::made_progress();
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::seconds(2)) {
            return;
        }
        last_ = now;
        told_ = true;
        log_.progress(fmt::format("{}: {}, {:.0f} %", screen_, pass_.doing, 100.0 * double(done) / double(of)),
                      fmt::format("phase={} screen={} cells={} of={}", pass_.phase, screen_, done, of));
    }
    void done() {
        if (told_) {
            log_.progress_done();
        }
    }

private:
    Log& log_;
    const std::string& screen_;
    const CellPass& pass_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    bool told_ = false;
};

}  // namespace

void stream_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                  Normalization normalization, const std::function<void(const CellStream::Cell&)>& take,
                  const std::function<void()>& deliver, const CellPass& pass, Log& log) {
    const Range slice = block_of(reader.cells(), world.size(), world.rank());
    CellStream stream(reader, screen, normalization, slice);
    ReadingProgress progress(log, screen.name, pass);
    for (bool more = true; more;) {
        world.together([&] {
            for (Index entries = 0; entries < kRoundEntries && stream.next(); entries += stream.stored()) {
                for (Index i = 0; i < stream.cells(); ++i) {
                    take(stream.cell(i));
                }
            }
        });
        deliver();
        progress.tell(slice.size() - stream.left(), std::max(slice.size(), Index{1}));
        more = world.max(std::int64_t{stream.left()}) > 0;
    }
    progress.done();
}

void route_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                 Normalization normalization, const std::vector<Range>& wanted, PieceSink& mine, const CellPass& pass,
                 Log& log) {
    Router router(world, wanted, normalization, mine);
    stream_cells(
        world, reader, screen, normalization, [&](const CellStream::Cell& cell) { router.route(cell); },
        [&] { router.deliver(world); }, pass, log);
}

}  // namespace lazynet::train
