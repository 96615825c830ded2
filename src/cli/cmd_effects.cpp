#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "effect_source.hpp"
#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/train/network_results.hpp"
#include "options.hpp"

namespace lazynet::cli {
namespace {

using train::ConsensusChunk;
using train::Effects;

constexpr std::size_t kReadBytes = std::size_t{64} << 20;

struct EffectsOptions {
    std::vector<std::string> input;
    std::string kind = "direct";
    std::string method = "sparse";
    std::string genes;
    bool unbounded = false;
    DirectOptions direct;
    Effects wanted = Effects::direct;
};

bool is_text(const std::string& path) {
    return path.ends_with(".tsv") || path.ends_with(".tsv.gz") || path.ends_with(".txt");
}

void resolve(EffectsOptions& options, const CommonOptions& common) {
    if (options.input.empty()) {
        throw UserError("no run named; usage: lazynet effects RUN.h5ad -o OUT.h5ad --kind direct");
    }
    options.wanted = choose<Effects>("kind", options.kind, {{"direct", Effects::direct}, {"total", Effects::total}});
    options.direct.method = choose<DirectOptions::Method>(
        "method", options.method, {{"sparse", DirectOptions::Method::sparse}, {"ridge", DirectOptions::Method::ridge}});
    if (!(options.direct.threshold > 0) || !(options.direct.penalty > 0)) {
        throw UserError("--threshold and --penalty must be above 0");
    }
    options.direct.bounded = !options.unbounded;
    require_writable(common.output, common.overwrite);
    if (!is_text(common.output) && !common.output.ends_with(".h5ad")) {
        throw UserError(common.output + ": name the output .h5ad (a run), .tsv or .tsv.gz (its edges)");
    }
}

/// Counts of what came out, besides the edges.
struct Outcome {
    std::int64_t nonzero = 0;
};

/// Rows on the run's whole regulator axis.
void spread(const EffectSource& source, const EffectRows& rows, ConsensusChunk& out) {
    for (Matrix* m : {&out.mean, &out.sd, &out.sign, &out.selected}) {
        m->setZero(rows.effects.rows(), source.run().regulators());
    }
    for (std::size_t k = 0; k < source.regulators().size(); ++k) {
        const Index j = source.regulators()[k];
        const auto from = static_cast<Index>(k);
        out.mean.col(j) = rows.effects.col(from);
        out.sd.col(j) = rows.sd.col(from);
        const auto is_left = rows.effects.col(from).array() != 0.0f;
        out.sign.col(j) = is_left.select(rows.sign.col(from), 0.0f);
        out.selected.col(j) = is_left.select(rows.selected.col(from), 0.0f);
    }
}

train::NetworkRun network_run(const mpi::Communicator& world, EffectSource& source, const EffectConversion& conversion,
                              const EffectsOptions& options, Outcome& outcome) {
    train::NetworkRun run;
    run.genes = source.run().genes();
    run.unmeasured = source.run().unmeasured();
    run.effects = options.wanted;
    run.holds = options.wanted == Effects::direct
                    ? fmt::format(
                          "direct effects among the regulators that were perturbed, from total ones ({}); sd is "
                          "the fitted noise of the total",
                          options.method)
                    : "total effects (I - B)^-1 - I of direct ones";
    run.support.assign(static_cast<std::size_t>(source.run().regulators()), 0);
    for (const Index j : source.regulators()) {
        run.support[static_cast<std::size_t>(j)] = source.run().support()[static_cast<std::size_t>(j)];
    }
    run.rows = block_of(source.targets(), world.size(), world.rank());
    run.statistics = [&](Range targets, ConsensusChunk& out) {
        EffectRows rows = source.read(targets);
        conversion.convert(rows);
        outcome.nonzero += (rows.effects.array() != 0.0f).count();
        spread(source, rows, out);
    };
    return run;
}

/// Collective: this rank's rows into an edge list.
std::size_t write_list(const mpi::Communicator& world, const train::NetworkRun& run, const std::string& path,
                       Index chunk) {
    io::TopEdges edges(0);
    world.together([&] {
        ConsensusChunk rows;
        for (Index at = run.rows.begin; at < run.rows.end; at += chunk) {
            const Range range{at, std::min(at + chunk, run.rows.end)};
            run.statistics(range, rows);
            for (Index i = 0; i < rows.mean.rows(); ++i) {
                for (Index j = 0; j < rows.mean.cols(); ++j) {
                    if (rows.mean(i, j) != 0.0f && j != range.begin + i) {
                        edges.add(
                            {j, range.begin + i, rows.mean(i, j), rows.sd(i, j), rows.sign(i, j), rows.selected(i, j)});
                    }
                }
            }
        }
    });
    const auto all = io::gather_edges(world, edges.take(), 0);
    world.on_root([&] { io::write_edges(path, all, run.genes, run.unmeasured, train::effects_text(run.effects)); });
    return all.size();
}

void warn_of_kind(const Log& log, const EffectSource& source, const EffectsOptions& options) {
    const std::string stored = source.stored();
    if (!stored.empty() && (stored == "total") != (options.wanted == Effects::direct)) {
        log.warning(fmt::format("{} holds {} effects; {} ones are made from {}", source.run().path(), stored,
                                options.kind, options.wanted == Effects::direct ? "total ones" : "direct ones"));
    }
}

/// What decides the result.
std::string options_json(const EffectsOptions& options) {
    nlohmann::ordered_json json = {{"command", "effects"}, {"kind", options.kind}, {"genes", options.genes}};
    if (options.wanted == Effects::direct) {
        json["method"] = options.method;
        json["threshold"] = options.direct.threshold;
        json["unbounded"] = options.unbounded;
        json["penalty"] = options.direct.penalty;
    }
    return json.dump();
}

void add_options(CommandLine& line, EffectsOptions& options) {
    auto add = line.group("Effects").add_options();
    add("kind", bind(options.kind),
        "direct: what remains of total effects (a steady-state screen's) when paths through other perturbed genes are "
        "taken out; total: (I - B)^-1 - I of direct ones");
    add("genes", po::value(&options.genes), "only these regulators: a file or a list with commas");
    add("method", bind(options.method), "direct: sparse (a non-negative garrote) or ridge (keeps every pair)");
    add("threshold", bind(options.direct.threshold),
        "sparse: effects below about so many standard deviations of noise are taken to be none");
    add("unbounded", po::bool_switch(&options.unbounded),
        "sparse: direct effects may exceed total ones or oppose them, as where paths cancel each other");
    add("penalty", bind(options.direct.penalty), "ridge: in squared standard deviations of noise");
    line.positional("input", &options.input, 1);
}

}  // namespace

int effects(const mpi::Communicator& world, std::span<const std::string> args) {
    CommonOptions common;
    EffectsOptions options;
    CommandLine line("effects", "RUN.h5ad -o OUT.h5ad|OUT.tsv.gz --kind direct|total [options]",
                     "Turns a run's consensus into direct effects (nothing in between) or total ones (everything\n"
                     "downstream included). OUT.h5ad is read by network and evaluate like a run; every output says\n"
                     "which of the two it holds.",
                     &common);
    add_options(line, options);
    if (!line.parse(world, args)) {
        return 0;
    }
    const Log log = common.log(world);
    std::optional<EffectSource> source;
    std::unique_ptr<EffectConversion> conversion;
    world.together([&] {
        resolve(options, common);
        source.emplace(options.input[0], options.genes);
        conversion = options.wanted == Effects::direct ? to_direct(*source, options.direct) : to_total(*source);
    });
    warn_of_kind(log, *source, options);
    Outcome outcome;
    const train::NetworkRun run = network_run(world, *source, *conversion, options, outcome);
    if (common.dry_run) {
        log.info(fmt::format("{} effects of {} on {} targets would be written to {} ({})", options.kind,
                             counted(static_cast<Index>(source->regulators().size()), "regulator"), source->targets(),
                             common.output, conversion->told()));
        return 0;
    }
    if (is_text(common.output)) {
        write_list(world, run, common.output, source->run().rows_per_read(kReadBytes));
    } else {
        train::RunOutput output;
        output.path = common.output;
        output.command = "effects";
        output.options = options_json(options);
        train::write_network_run(world, output, run, 1);
    }
    const std::int64_t nonzero = world.sum(outcome.nonzero);
    log.info(fmt::format("{}: {} effects of {} on {} targets, {} not 0 ({})", common.output, options.kind,
                         counted(static_cast<Index>(source->regulators().size()), "regulator"), source->targets(),
                         nonzero, conversion->told()));
    world.on_root([&] {
        write_json(common, {{"run", options.input[0]},
                            {"effects", options.kind},
                            {"method", options.wanted == Effects::direct ? options.method : "inverse"},
                            {"regulators", source->regulators().size()},
                            {"targets", source->targets()},
                            {"nonzero", nonzero},
                            {"note", conversion->told()}});
    });
    return 0;
}

}  // namespace lazynet::cli
