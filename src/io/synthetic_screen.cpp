#include "lazynet/io/synthetic_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>

#include "lazynet/io/staged_file.hpp"

namespace lazynet::io {
namespace {

using simulator::SimulatedCondition;
using simulator::SyntheticScreen;

constexpr Index kChunkCells = 256;

/// The drawn counts of consecutive cells.
struct Chunk {
    std::vector<std::int64_t> cell_end;  ///< per cell: where its entries end
    std::vector<std::int32_t> columns;
    std::vector<float> counts;
};

Chunk draw_chunk(SyntheticScreen& screen, Range cells) {
    Chunk chunk;
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

std::vector<std::byte> to_bytes(const Chunk& chunk) {
    std::vector<std::byte> bytes;
    pack(chunk.cell_end, bytes);
    pack(chunk.columns, bytes);
    pack(chunk.counts, bytes);
    return bytes;
}

Chunk from_bytes(std::span<const std::byte> bytes, Index cells) {
    Chunk chunk;
    chunk.cell_end = unpack<std::int64_t>(bytes, static_cast<std::size_t>(cells));
    const auto n = static_cast<std::size_t>(chunk.cell_end.empty() ? 0 : chunk.cell_end.back());
    chunk.columns = unpack<std::int32_t>(bytes, n);
    chunk.counts = unpack<float>(bytes, n);
    return chunk;
}

std::vector<std::string> numbered(const std::string& prefix, Index n) {
    std::vector<std::string> names;
    const auto width = std::to_string(n).size();
    for (Index i = 1; i <= n; ++i) {
        names.push_back(fmt::format("{}{:0{}}", prefix, i, width));
    }
    return names;
}

/// A column of labels as anndata keeps them: sorted distinct values and, per row, the place in them.
void write_labels(hid_t parent, const std::string& name, std::span<const std::string> labels,
                  std::span<const std::int32_t> rows) {
    std::vector<std::string> categories;
    for (const std::int32_t row : rows) {
        if (row >= static_cast<std::int32_t>(categories.size())) {
            categories.resize(static_cast<std::size_t>(row) + 1);
        }
        categories[static_cast<std::size_t>(row)] = labels[static_cast<std::size_t>(row)];
    }
    std::erase(categories, "");
    std::sort(categories.begin(), categories.end());
    categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
    std::vector<std::int32_t> place(labels.size());
    std::transform(labels.begin(), labels.end(), place.begin(), [&](const std::string& label) {
        return static_cast<std::int32_t>(std::lower_bound(categories.begin(), categories.end(), label) - categories.begin());
    });
    std::vector<std::int32_t> codes(rows.size());
    std::transform(rows.begin(), rows.end(), codes.begin(), [&](std::int32_t row) { return place[static_cast<std::size_t>(row)]; });
    h5ad::write_categorical(parent, name, codes, categories);
}

std::vector<std::string> gene_names(const SyntheticScreen& screen) {
    std::vector<std::string> names;
    for (const std::int32_t gene : screen.measured()) {
        names.push_back(screen.name(gene));
    }
    return names;
}

/// What both h5ad files have: genes, the empty groups, the options.
void write_frame(hid_t file, const SyntheticScreen& screen, const std::string& options_json) {
    h5ad::create_dataframe(file, "var", gene_names(screen), {});
    h5ad::create_empty_groups(file);
    const Handle uns = open_group(file, "uns");
    const Handle simulation = h5ad::create_group(uns, "simulation");
    h5ad::write_string(simulation, "options", options_json);
}

/// The cells file while it is being written; lives on the root.
class CountsFile {
public:
    CountsFile(const std::string& path, h5ad::Compression compression)
        : file_(h5ad::create_file(path)),
          x_(h5ad::create_group(file_, "X", "csr_matrix", "0.1.0")),
          data_(x_, "data", H5T_IEEE_F32LE, compression),
          indices_(x_, "indices", H5T_STD_I32LE, compression),
          row_end_{0} {}

    void append(const Chunk& chunk) {
        const std::int64_t before = row_end_.back();
        for (const std::int64_t end : chunk.cell_end) {
            row_end_.push_back(before + end);
        }
        data_.append(chunk.counts);
        indices_.append(chunk.columns);
    }

    void finish(const SyntheticScreen& screen, const std::string& options_json) {
        const auto cells = static_cast<std::int64_t>(row_end_.size()) - 1;
        h5ad::write_array(x_, "indptr", row_end_);
        const std::vector<std::int64_t> shape = {cells, screen.options().genes};
        h5ad::write_attribute(x_, "shape", shape);
        write_cells(screen);
        write_frame(file_, screen, options_json);
        h5ad::flush(file_);
    }

    [[nodiscard]] Index nonzeros() const { return data_.size(); }

private:
    void write_cells(const SyntheticScreen& screen) const {
        const auto& options = screen.options();
        std::vector<std::string> columns = {"perturbation"};
        if (options.contexts > 1) {
            columns.emplace_back("cell_type");
        }
        columns.insert(columns.end(), {"batch", "library_size"});
        const Handle obs = h5ad::create_dataframe(file_, "obs", numbered("cell", options.cells), columns);

        std::vector<std::string> labels;
        std::vector<std::string> contexts;
        for (const SimulatedCondition& condition : screen.conditions()) {
            labels.push_back(screen.label(condition));
            contexts.push_back(screen.context_name(condition.context));
        }
        write_labels(obs, "perturbation", labels, screen.cell_condition());
        if (options.contexts > 1) {
            write_labels(obs, "cell_type", contexts, screen.cell_condition());
        }
        std::vector<std::int32_t> batch;
        std::vector<float> library;
        for (Index cell = 0; cell < options.cells; ++cell) {
            batch.push_back(static_cast<std::int32_t>(screen.sampler().batch(cell)));
            library.push_back(static_cast<float>(screen.sampler().library_size(cell)));
        }
        write_labels(obs, "batch", numbered("batch", options.sampling.batches), batch);
        h5ad::write_array(obs, "library_size", library);
    }

    Handle file_;
    Handle x_;
    h5ad::GrowingDataset data_;
    h5ad::GrowingDataset indices_;
    std::vector<std::int64_t> row_end_;
};

void write_truth(const std::string& path, const SyntheticScreen& screen, h5ad::Compression compression,
                 const std::string& options_json) {
    const auto& conditions = screen.conditions();
    const auto n = static_cast<Index>(conditions.size());
    const Handle file = h5ad::create_file(path);
    const Handle x = h5ad::create_matrix(file, "X", n, screen.options().genes, compression);
    std::vector<float> row(static_cast<std::size_t>(screen.options().genes));
    std::vector<std::string> labels;
    std::vector<std::string> contexts;
    std::vector<std::int64_t> cells;
    std::vector<bool> held_out;
    for (Index c = 0; c < n; ++c) {
        const SimulatedCondition& condition = conditions[static_cast<std::size_t>(c)];
        screen.truth(c, row);
        h5ad::write_rows(x, c, row);
        labels.push_back(screen.label(condition));
        contexts.push_back(screen.context_name(condition.context));
        cells.push_back(condition.cells);
        held_out.push_back(condition.held_out);
    }
    const std::vector<std::string> columns = {"perturbation", "cell_type", "cells", "held_out"};
    const Handle obs = h5ad::create_dataframe(file, "obs", numbered("condition", n), columns);
    std::vector<std::int32_t> rows(conditions.size());
    std::iota(rows.begin(), rows.end(), 0);
    write_labels(obs, "perturbation", labels, rows);
    write_labels(obs, "cell_type", contexts, rows);
    h5ad::write_array(obs, "cells", cells);
    h5ad::write_booleans(obs, "held_out", held_out);
    write_frame(file, screen, options_json);
    h5ad::flush(file);
}

std::string edges_text(const SyntheticScreen& screen, std::span<const simulator::Edge> edges) {
    std::string text = "regulator\ttarget\tsign\tec50\thill\tlogic\tmodule\n";
    for (const simulator::Edge& e : edges) {
        const bool any_of = screen.network().logic[static_cast<std::size_t>(e.target)] == simulator::Logic::any_of;
        fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\t{}\t{}\t{}\t{}\n", screen.name(e.regulator),
                       screen.name(e.target), e.sign(), e.regulation.ec50, e.regulation.hill, any_of ? "or" : "and",
                       e.module < 0 ? "-" : fmt::format("module{}", e.module + 1));
    }
    return text;
}

std::string prior_text(const SyntheticScreen& screen, std::span<const simulator::PriorEdge> prior) {
    std::string text = "regulator\ttarget\tweight\n";
    for (const simulator::PriorEdge& e : prior) {
        fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\n", screen.name(e.regulator), screen.name(e.target), e.sign);
    }
    return text;
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
        const double left = elapsed * static_cast<double>(cells_ - done) / static_cast<double>(std::max<Index>(done, 1));
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
    const auto prior = simulator::corrupt(edges, screen.network().genes(), screen.options().prior, screen.options().seed);
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
    const auto& options = screen.options();
    const auto genes = static_cast<double>(options.genes);
    const auto cells = static_cast<double>(options.cells);
    std::vector<float> expression(static_cast<std::size_t>(options.genes));
    screen.expression(0, expression);
    const double counts = 8.0 * cells * genes * screen.sampler().nonzero_share(expression);
    const double truth = 4.0 * genes * static_cast<double>(screen.conditions().size());
    return counts + truth + 64.0 * cells + 400.0 * genes + 1e6;
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
            write_truth(staged->truth.path(), screen, compression, options_json);
            counts.emplace(staged->screen.path(), compression);
        }
    });
    stream_cells(world, screen, Rounds(screen.options().cells, world.size(), compression == h5ad::Compression::none),
                 counts, log);
    world.together([&] {
        if (world.is_root()) {
            counts->finish(screen, options_json);
            report.nonzeros = counts->nonzeros();
            counts.reset();
            report.bytes = staged->publish();
        }
    });
    share(world, report);
    return report;
}

}  // namespace lazynet::io
