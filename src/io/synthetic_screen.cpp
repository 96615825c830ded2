#include "lazynet/io/synthetic_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>

#include "lazynet/io/staged_file.hpp"
#include "lazynet/io/synthetic_screen_files.hpp"

namespace lazynet::io {
namespace {

using simulator::SyntheticScreen;

constexpr Index kChunkCells = 256;

CountsChunk draw_chunk(SyntheticScreen& screen, Range cells) {
    CountsChunk chunk;
    for (Index cell = cells.begin; cell < cells.end; ++cell) {
        screen.draw(cell, chunk.columns, chunk.counts);
        chunk.cell_end.push_back(static_cast<std::int64_t>(chunk.columns.size()));
    }
    return chunk;
}

template <typename T>
void pack(const std::vector<T>& values, std::vector<std::byte>& out) {
    const auto bytes = std::as_bytes(std::span(values));
    out.insert(out.end(), bytes.begin(), bytes.end());
}

template <typename T>
std::vector<T> unpack(std::span<const std::byte>& in, std::size_t n) {
    std::vector<T> values(n);
    if (n > 0) {
        std::memcpy(values.data(), in.data(), n * sizeof(T));
    }
    in = in.subspan(n * sizeof(T));
    return values;
}

std::vector<std::byte> to_bytes(const CountsChunk& chunk) {
    std::vector<std::byte> bytes;
    pack(chunk.cell_end, bytes);
    pack(chunk.columns, bytes);
    pack(chunk.counts, bytes);
    return bytes;
}

CountsChunk from_bytes(std::span<const std::byte> bytes, Index cells) {
    CountsChunk chunk;
    chunk.cell_end = unpack<std::int64_t>(bytes, static_cast<std::size_t>(cells));
    const auto n = static_cast<std::size_t>(chunk.cell_end.empty() ? 0 : chunk.cell_end.back());
    chunk.columns = unpack<std::int32_t>(bytes, n);
    chunk.counts = unpack<float>(bytes, n);
    return chunk;
}

/// Which rank draws which chunk of cells: in each round every drawing rank draws one.
struct Rounds {
    Rounds(Index cells, int ranks, bool root_draws)
        : total(cells), first_rank(root_draws || ranks == 1 ? 0 : 1), per_round(ranks - first_rank) {}
    [[nodiscard]] Index count() const { return (total + per_round * kChunkCells - 1) / (per_round * kChunkCells); }
    /// Empty for ranks that have nothing to draw.
    [[nodiscard]] Range cells(Index round, int rank) const {
        const Index begin = rank < first_rank ? total : (round * per_round + rank - first_rank) * kChunkCells;
        return {std::min(begin, total), std::min(begin + kChunkCells, total)};
    }
    Index total;
    int first_rank;
    Index per_round;
};

/// Progress by cells, at most once a second; on a terminal more often.
class Progress {
public:
    Progress(Log& log, Index cells) : log_(&log), cells_(cells) {}
    void update(Index done) {
        using namespace std::chrono_literals;
        const auto now = Clock::now();
        if (now - last_ < (log_->on_terminal() ? 200ms : 2000ms)) {
            return;
        }
        last_ = now;
        const double elapsed = std::chrono::duration<double>(now - start_).count();
        const double left =
            elapsed * static_cast<double>(cells_ - done) / static_cast<double>(std::max<Index>(done, 1));
        log_->progress(fmt::format("drawing cells: {} of {}, {:.0f} s left", done, cells_, left),
                       fmt::format("phase=cells done={} total={} elapsed_s={:.1f}", done, cells_, elapsed));
    }

private:
    using Clock = std::chrono::steady_clock;
    Log* log_;
    Index cells_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_ = Clock::now();
};

/// Draws and writes all cells. While the root writes what was drawn in one round, all ranks draw the next.
void stream_cells(const mpi::Communicator& world, SyntheticScreen& screen, const Rounds& rounds,
                  std::optional<CountsFile>& counts, Log& log) {
    Progress progress(log, rounds.total);
    std::vector<std::vector<std::byte>> received;
    for (Index round = 0; round <= rounds.count(); ++round) {
        std::vector<std::vector<std::byte>> outgoing(static_cast<std::size_t>(world.size()));
        world.together([&] {
            for (int rank = 0; rank < static_cast<int>(received.size()) && world.is_root(); ++rank) {
                const Range cells = rounds.cells(round - 1, rank);
                counts->append(from_bytes(received[static_cast<std::size_t>(rank)], cells.size()));
            }
            outgoing[0] = to_bytes(draw_chunk(screen, rounds.cells(round, world.rank())));
        });
        received = world.exchange(outgoing);
        progress.update(std::min(rounds.total, round * rounds.per_round * kChunkCells));
    }
    log.progress_done();
}

/// The four files on the root, staged.
struct StagedFiles {
    explicit StagedFiles(const SyntheticScreenFiles& files)
        : screen(files.screen), truth(files.truth), edges(files.edges), prior(files.prior) {}
    /// All of them durable first, then under their names; returns their size.
    std::int64_t publish() {
        const std::int64_t bytes = screen.sync() + truth.sync() + edges.sync() + prior.sync();
        truth.publish();
        edges.publish();
        prior.publish();
        screen.publish();
        return bytes;
    }
    StagedFile screen;
    StagedFile truth;
    StagedFile edges;
    StagedFile prior;
};

void write_edges(const StagedFiles& staged, const SyntheticScreen& screen, SyntheticScreenReport& report) {
    const auto edges = simulator::direct_edges(screen.network());
    const auto prior =
        simulator::corrupt(edges, screen.network().genes(), screen.options().prior, screen.options().seed);
    staged.edges.write(edges_text(screen, edges));
    staged.prior.write(prior_text(screen, prior));
    report.edges = static_cast<Index>(edges.size());
    report.prior_edges = static_cast<Index>(prior.size());
}

void share(const mpi::Communicator& world, SyntheticScreenReport& report) {
    std::vector<std::int64_t> numbers = {report.nonzeros, report.edges, report.prior_edges, report.bytes};
    world.broadcast(std::as_writable_bytes(std::span(numbers)));
    report = {numbers[0], numbers[1], numbers[2], numbers[3]};
}

}  // namespace

SyntheticScreenFiles SyntheticScreenFiles::beside(const std::string& screen) {
    const std::string stem = screen.ends_with(".h5ad") ? screen.substr(0, screen.size() - 5) : screen;
    return {screen, stem + ".truth.h5ad", stem + ".edges.tsv", stem + ".prior.tsv"};
}

double forecast_bytes(const SyntheticScreen& screen) {
    const auto genes = static_cast<double>(screen.options().genes);
    const auto conditions = static_cast<double>(screen.conditions().size());
    return 8.0 * forecast_nonzeros(screen) + 4.0 * genes * conditions +
           64.0 * static_cast<double>(screen.options().cells) + 400.0 * genes + 1e6;
}

SyntheticScreenReport write_synthetic_screen(const mpi::Communicator& world, SyntheticScreen& screen,
                                             const SyntheticScreenFiles& files, h5ad::Compression compression,
                                             const std::string& options_json, Log& log) {
    std::unique_ptr<StagedFiles> staged;
    std::optional<CountsFile> counts;
    SyntheticScreenReport report;
    world.together([&] {  // the small files first: what is wrong with them or the disk shows before the long work
        if (world.is_root()) {
            require_space(files.screen, forecast_bytes(screen) / (compression == h5ad::Compression::none ? 1.0 : 8.0));
            staged = std::make_unique<StagedFiles>(files);
            write_edges(*staged, screen, report);
            write_truth(staged->truth, screen, compression, options_json);
            counts.emplace(staged->screen, screen, compression);
        }
    });
    stream_cells(world, screen, Rounds(screen.options().cells, world.size(), compression == h5ad::Compression::none),
                 counts, log);
    world.together([&] {
        if (world.is_root()) {
            report.nonzeros = counts->finish(options_json);
            counts.reset();
            report.bytes = staged->publish();
        }
    });
    share(world, report);
    return report;
}

}  // namespace lazynet::io
