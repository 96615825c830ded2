#include "lazynet/io/synthetic_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>

#include "lazynet/core/error.hpp"
#include "lazynet/io/output_file.hpp"
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

/// Writes what the ranks drew in a round, where there is a file, on the root. @returns why it could not
std::exception_ptr write_round(const Rounds& rounds, Index round, const std::vector<std::vector<std::byte>>& received,
                               std::optional<CountsFile>& counts) {
    try {
        for (std::size_t rank = 0; rank < received.size() && counts; ++rank) {
            const Range cells = rounds.cells(round, static_cast<int>(rank));
            counts->append(from_bytes(received[rank], cells.size()));
        }
    } catch (const UserError&) {
        return std::current_exception();
    }
    return nullptr;
}

/// Draws and writes all cells. While the root writes what was drawn in one round, all ranks draw the next.
void stream_cells(const mpi::Communicator& world, SyntheticScreen& screen, const Rounds& rounds,
                  std::optional<CountsFile>& counts, Log& log) {
    Progress progress(log, rounds.total);
    std::vector<std::vector<std::byte>> received;
    for (Index round = 0; round <= rounds.count(); ++round) {
        std::vector<std::vector<std::byte>> outgoing(static_cast<std::size_t>(world.size()));
        std::exception_ptr failure;  // of writing, which only the root does
        world.together([&] {
            failure = write_round(rounds, round - 1, received, counts);
            outgoing[0] = to_bytes(draw_chunk(screen, rounds.cells(round, world.rank())));
        });
        world.on_root([&] {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
        received = world.exchange(outgoing);
        progress.update(std::min(rounds.total, round * rounds.per_round * kChunkCells));
    }
    log.progress_done();
}

/// The four files on the root, under construction.
struct UnfinishedFiles {
    explicit UnfinishedFiles(const SyntheticScreenFiles& files)
        : screen(files.screen), truth(files.truth), edges(files.edges), prior(files.prior) {}
    /// All of them durable first, then under their names; returns their size.
    std::uint64_t publish() {
        const std::uint64_t bytes = screen.sync() + truth.sync() + edges.finish() + prior.finish();
        truth.publish();
        edges.commit();
        prior.commit();
        screen.publish();
        return bytes;
    }
    TemporaryFile screen;
    TemporaryFile truth;
    OutputFile edges;
    OutputFile prior;
};

void write_edges(UnfinishedFiles& files, const SyntheticScreen& screen, SyntheticScreenReport& report) {
    const auto edges = simulator::direct_edges(screen.network());
    const auto prior =
        simulator::corrupt(edges, screen.network().genes(), screen.options().prior, screen.options().seed);
    files.edges.write(edges_text(screen, edges));
    files.prior.write(prior_text(screen, prior));
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
                                             const SyntheticScreenFiles& files, Compression compression,
                                             const std::string& options_json, Log& log) {
    std::unique_ptr<UnfinishedFiles> unfinished;
    std::optional<CountsFile> counts;
    SyntheticScreenReport report;
    world.on_root([&] {  // the small files first: what is wrong with them or the disk shows before the long work
        const double share = compression == Compression::none ? 1.0 : 1.0 / 8.0;
        require_space(files.screen, static_cast<std::uint64_t>(share * forecast_bytes(screen)));
        unfinished = std::make_unique<UnfinishedFiles>(files);
        write_edges(*unfinished, screen, report);
        write_truth(unfinished->truth, screen, compression, options_json);
        counts.emplace(unfinished->screen, screen, compression);
    });
    stream_cells(world, screen, Rounds(screen.options().cells, world.size(), compression == Compression::none), counts,
                 log);
    world.on_root([&] {
        report.nonzeros = counts->finish(options_json);
        counts.reset();
        report.bytes = static_cast<std::int64_t>(unfinished->publish());
    });
    share(world, report);
    return report;
}

}  // namespace lazynet::io
