#include "lazynet/train/network_results.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "lazynet/core/error.hpp"
#include "lazynet/io/results.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::train {
namespace {

constexpr const char* kStatistics[] = {"varp/consensus_mean", "varp/consensus_sd", "varp/consensus_sign",
                                       "varp/consensus_selected"};

/// Floats of one chunk of a matrix: 16 MB.
constexpr Index kChunkFloats = Index{1} << 22;

Index chunk_rows(Index columns) {
    return std::max<Index>(1, kChunkFloats / std::max<Index>(1, columns));
}

Index gene_count(const NetworkRun& run) {
    return static_cast<Index>(run.genes.size());
}

/// Ranges of all ranks, one after the other, must be the genes.
void require_tiles(const mpi::Communicator& world, const NetworkRun& run) {
    const std::int64_t mine[] = {run.rows.begin, run.rows.end};
    const auto all = world.gather(std::span<const std::int64_t>(mine));
    std::int64_t next = 0;
    for (std::size_t r = 0; r < all.size(); r += 2) {
        if (all[r] == all[r + 1]) {
            continue;
        }
        if (all[r] != next || all[r + 1] < all[r]) {
            throw InternalError("write_network_run: the ranks' rows do not tile the genes");
        }
        next = all[r + 1];
    }
    if (next != gene_count(run)) {
        throw InternalError("write_network_run: the ranks' rows do not cover the genes");
    }
}

std::vector<std::int64_t> support_of(const NetworkRun& run) {
    return run.support.empty() ? std::vector<std::int64_t>(run.genes.size() + run.unmeasured.size(), 1) : run.support;
}

/// Where the columns of regulators that are not measured go.
std::string unmeasured_place(std::size_t statistic) {
    std::string where = kStatistics[statistic];
    return where.replace(0, 4, "varm") + "_unmeasured";
}

void write_extra(const RunExtra& extra, io::ResultsFile& file) {
    const std::string where = "uns/lazynet/" + extra.name;
    struct {
        const std::string& at;
        io::ResultsFile& to;
        void operator()(const std::string& text) const { to.text(at, text); }
        void operator()(std::int64_t number) const { to.number(at, number); }
        void operator()(double number) const { to.number(at, number); }
        void operator()(const std::vector<std::string>& strings) const { to.strings(at, strings); }
        void operator()(const std::vector<double>& values) const { to.array(at, values); }
        void operator()(const std::vector<std::int64_t>& values) const { to.array(at, values); }
        void operator()(const io::Table& table) const { to.table(at, table); }
    } const write{where, file};
    std::visit(write, extra.value);
}

void describe(const RunOutput& output, const NetworkRun& run, io::ResultsFile& file) {
    file.table("obs", run.samples);
    io::Table genes{run.genes, run.columns};
    const auto support = support_of(run);
    const auto measured = support.begin() + static_cast<std::ptrdiff_t>(run.genes.size());
    genes.columns.push_back({"regulator_support", std::vector<std::int64_t>(support.begin(), measured)});
    file.table("var", std::move(genes));
    const std::string at = "uns/lazynet/";
    if (!run.unmeasured.empty()) {
        file.strings(at + "unmeasured_regulators", run.unmeasured);
        file.array(at + "unmeasured_support", std::vector<std::int64_t>(measured, support.end()));
    }
    file.number(at + "format_version", std::int64_t{1});
    file.text(at + "version", version());
    file.text(at + "git_hash", git_hash());
    file.text(at + "command", output.command);
    file.text(at + "options", output.options);
    file.text(at + "effects", effects_text(run.effects));
    file.text(at + "consensus_holds",
              run.holds + "; " + effects_text(run.effects) + " effects; row = target, column = regulator");
    file.number(at + "seed", static_cast<std::int64_t>(run.seed));
    file.number(at + "replicas", std::int64_t{run.replicas});
    for (const RunExtra& extra : run.extras) {
        write_extra(extra, file);
    }
}

void declare(const NetworkRun& run, io::ResultsFile& file) {
    const Index genes = gene_count(run);
    for (const SampleMatrix& m : run.matrices) {
        file.declare_dense(m.where, static_cast<Index>(run.samples.index.size()), genes);
    }
    const auto unmeasured = static_cast<Index>(run.unmeasured.size());
    for (std::size_t k = 0; k < std::size(kStatistics); ++k) {
        file.declare_dense(kStatistics[k], genes, genes);
        if (unmeasured > 0) {
            file.declare_dense(unmeasured_place(k), genes, unmeasured);
        }
    }
    for (const GeneMatrix& m : run.gene_matrices) {
        file.declare_dense(m.where, genes, genes);
    }
}

void write_samples(const mpi::Communicator& world, const NetworkRun& run, io::ResultsFile& file) {
    const Range mine = block_of(static_cast<Index>(run.samples.index.size()), world.size(), world.rank());
    const Index step = chunk_rows(gene_count(run));
    Matrix values;
    for (const SampleMatrix& m : run.matrices) {
        for (Index at = mine.begin; at < mine.end; at += step) {
            const Range rows{at, std::min(at + step, mine.end)};
            values.setZero(rows.size(), gene_count(run));
            m.rows(rows, values);
            file.write_rows(m.where, rows, cview(values));
        }
    }
}

void offer(Range rows, const ConsensusChunk& chunk, const std::vector<std::int64_t>& support, io::TopEdges& edges) {
    for (Index i = 0; i < rows.size(); ++i) {
        for (Index j = 0; j < chunk.mean.cols(); ++j) {
            if (support[static_cast<std::size_t>(j)] > 0 && j != rows.begin + i &&
                (chunk.mean(i, j) != 0.0f || chunk.sd(i, j) != 0.0f)) {
                edges.add(
                    {j, rows.begin + i, chunk.mean(i, j), chunk.sd(i, j), chunk.sign(i, j), chunk.selected(i, j)});
            }
        }
    }
}

void write_statistics(const NetworkRun& run, io::ResultsFile& file, io::TopEdges& edges) {
    const auto support = support_of(run);
    const Index genes = gene_count(run);
    const auto unmeasured = static_cast<Index>(run.unmeasured.size());
    const Index step = chunk_rows(genes + unmeasured);
    ConsensusChunk chunk;
    Matrix values;
    for (Index at = run.rows.begin; at < run.rows.end; at += step) {
        const Range rows{at, std::min(at + step, run.rows.end)};
        run.statistics(rows, chunk);
        const Matrix* statistics[] = {&chunk.mean, &chunk.sd, &chunk.sign, &chunk.selected};
        for (std::size_t k = 0; k < 4; ++k) {
            if (unmeasured == 0) {
                file.write_rows(kStatistics[k], rows, cview(*statistics[k]));
                continue;
            }
            const Matrix first = statistics[k]->leftCols(genes);
            const Matrix last = statistics[k]->rightCols(unmeasured);
            file.write_rows(kStatistics[k], rows, cview(first));
            file.write_rows(unmeasured_place(k), rows, cview(last));
        }
        offer(rows, chunk, support, edges);
        for (const GeneMatrix& m : run.gene_matrices) {
            m.rows(rows, values);
            file.write_rows(m.where, rows, cview(values));
        }
    }
}

}  // namespace

std::string effects_text(Effects effects) {
    switch (effects) {
        case Effects::direct:
            return "direct";
        case Effects::total:
            return "total";
        case Effects::one_step:
            return "one-step";
    }
    throw InternalError("effects_text: unknown effects");
}

std::vector<io::Edge> write_network_run(const mpi::Communicator& world, const RunOutput& output, const NetworkRun& run,
                                        Index shown) {
    require_tiles(world, run);
    io::ResultsFile file(world, output.path);
    describe(output, run, file);
    declare(run, file);
    file.open_for_data();
    write_samples(world, run, file);

    const bool listed = !output.edges.empty();
    const Index longest = std::max({listed ? output.edges_top : 0, shown, Index{1}});  // 0 would keep all
    const std::size_t capacity = listed && output.edges_top == 0 ? 0 : static_cast<std::size_t>(longest);
    io::TopEdges edges(capacity);
    write_statistics(run, file, edges);
    file.finish();

    auto best = io::gather_edges(world, edges.take(), capacity);
    world.on_root([&] {
        if (listed) {
            const auto top = static_cast<std::size_t>(output.edges_top);
            const auto count = top == 0 ? best.size() : std::min(best.size(), top);
            io::write_edges(output.edges, std::span(best).first(count), run.genes, run.unmeasured);
        }
    });
    return best;
}

}  // namespace lazynet::train
