#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/synthetic_screen.hpp"
#include "lazynet/train/timings.hpp"
#include "options.hpp"

namespace lazynet::cli {
namespace {

using simulator::Modality;
using simulator::ScreenOptions;
using simulator::SyntheticScreen;
using Clock = std::chrono::steady_clock;

struct Request {
    CommonOptions common;
    ScreenOptions screen;
    std::string kind = "crispri";
    std::string compression = "none";
    io::Compression filter = io::Compression::none;
};

void add_options(CommandLine& line, Request& r) {
    ScreenOptions& s = r.screen;
    auto size = line.group("Size").add_options();
    size("cells", bind(s.cells), "cells");
    size("genes", bind(s.genes), "measured genes");
    size("contexts", bind(s.contexts), "contexts (cell types) with inputs of their own");
    size("batches", bind(s.sampling.batches), "batches");
    size("compression", bind(r.compression), "none or gzip");
    auto perturbed = line.group("Perturbations").add_options();
    perturbed("kind", bind(r.kind), "ko, crispri or crispra");
    perturbed("efficiency", bind(s.guides.efficiency), "crispri: mean share of production that is lost");
    perturbed("fold", bind(s.guides.fold), "crispra: mean fold of production");
    perturbed("perturbations", bind(s.perturbations.singles), "genes perturbed singly");
    perturbed("doubles", bind(s.perturbations.doubles), "pairs of them");
    perturbed("triples", bind(s.perturbations.triples), "triples of them");
    perturbed("held-out", bind(s.perturbations.held_out), "further genes: in the truth, but in no cell");
    perturbed("held-out-doubles", bind(s.perturbations.held_out_doubles),
              "further pairs: in the truth, but in no cell");
    perturbed("control-share", bind(s.control_share), "share of cells that are controls");
    perturbed("unmeasured-share", bind(s.unmeasured_share), "share of perturbed genes that are not measured");
    perturbed("escape-share", bind(s.sampling.escape_share), "share of perturbed cells that are in truth unperturbed");
    auto network = line.group("Network and prior").add_options();
    network("tf-share", bind(s.tf_share), "share of genes that are transcription factors");
    network("modules", bind(s.modules), "complexes of 3 to 6 genes that act together; -1: one per 60 genes");
    network("prior-moved", bind(s.prior.moved), "share of true edges that the prior has elsewhere");
    network("prior-missing", bind(s.prior.missing), "share of true edges that the prior lacks");
    network("prior-added", bind(s.prior.added), "false edges on top, as a share of the true ones");
    auto noise = line.group("Counts and noise").add_options();
    noise("depth", bind(s.sampling.depth), "median transcripts counted per cell");
    noise("depth-spread", bind(s.sampling.depth_spread), "standard deviation of the log depth");
    noise("dispersion", bind(s.sampling.dispersion), "count variance = mean + dispersion * mean^2; 0: Poisson");
    noise("dropout", bind(s.sampling.dropout), "chance that a gene is lost in a cell");
    noise("cell-noise", bind(s.sampling.cell_noise), "standard deviation of log expression between cells");
    noise("batch-noise", bind(s.sampling.batch_noise), "standard deviation of log expression between batches");
}

/// What cannot be bound directly, and every check that needs no work.
void resolve(Request& r) {
    r.screen.seed = r.common.seed;
    r.screen.guides.modality = choose<Modality>(
        "kind", r.kind, {{"ko", Modality::knockout}, {"crispri", Modality::crispri}, {"crispra", Modality::crispra}});
    r.filter = choose<io::Compression>("compression", r.compression,
                                       {{"none", io::Compression::none}, {"gzip", io::Compression::gzip}});
    validate(r.screen);
    const auto files = io::SyntheticScreenFiles::beside(r.common.output);
    for (const std::string& file : {files.screen, files.truth, files.edges, files.prior}) {
        require_writable(file, r.common.overwrite);
    }
}

/// Only what shapes the data: the same screen is the same bytes wherever it is written.
std::string options_json(const Request& r) {
    const ScreenOptions& s = r.screen;
    return nlohmann::json{{"seed", s.seed},
                          {"cells", s.cells},
                          {"genes", s.genes},
                          {"contexts", s.contexts},
                          {"batches", s.sampling.batches},
                          {"kind", r.kind},
                          {"efficiency", s.guides.efficiency},
                          {"fold", s.guides.fold},
                          {"perturbations", s.perturbations.singles},
                          {"doubles", s.perturbations.doubles},
                          {"triples", s.perturbations.triples},
                          {"held-out", s.perturbations.held_out},
                          {"held-out-doubles", s.perturbations.held_out_doubles},
                          {"control-share", s.control_share},
                          {"unmeasured-share", s.unmeasured_share},
                          {"escape-share", s.sampling.escape_share},
                          {"tf-share", s.tf_share},
                          {"modules", s.modules},
                          {"prior-moved", s.prior.moved},
                          {"prior-missing", s.prior.missing},
                          {"prior-added", s.prior.added},
                          {"depth", s.sampling.depth},
                          {"depth-spread", s.sampling.depth_spread},
                          {"dispersion", s.sampling.dispersion},
                          {"dropout", s.sampling.dropout},
                          {"cell-noise", s.sampling.cell_noise},
                          {"batch-noise", s.sampling.batch_noise}}
        .dump();
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Draws a few cells to see how long the rest will take.
void forecast(const mpi::Communicator& world, SyntheticScreen& screen, const Log& log) {
    const Index sample = std::min<Index>(100, screen.options().cells);
    const auto start = Clock::now();
    std::vector<std::int32_t> columns;
    std::vector<float> counts;
    for (Index cell = 0; cell < sample; ++cell) {
        screen.draw(cell, columns, counts);
    }
    const double cells = static_cast<double>(screen.options().cells);
    const double seconds = world.max(seconds_since(start)) * cells / static_cast<double>(sample) / world.size();
    const double memory = world.max(train::peak_memory()) + 100e6;
    log.info(fmt::format("forecast: {} on disk without compression, {:.0f} s, up to {} per rank; nothing written",
                         size_text(io::forecast_bytes(screen)), seconds, size_text(memory)));
}

nlohmann::ordered_json figures(const SyntheticScreen& screen, const io::SyntheticScreenReport& report) {
    const double entries = static_cast<double>(screen.options().cells) * static_cast<double>(screen.options().genes);
    return {{"cells", screen.options().cells},
            {"genes", screen.options().genes},
            {"conditions", screen.conditions().size()},
            {"nonzeros", report.nonzeros},
            {"nonzero_share", static_cast<double>(report.nonzeros) / entries},
            {"edges", report.edges},
            {"prior_edges", report.prior_edges},
            {"bytes", report.bytes}};
}

void tell(const mpi::Communicator& world, const Request& r, const SyntheticScreen& screen,
          const io::SyntheticScreenReport& report, double seconds, const Log& log) {
    nlohmann::ordered_json all = figures(screen, report);
    all["ranks"] = world.size();
    all["seconds"] = world.max(seconds);
    all["peak_memory_bytes"] = world.max(train::peak_memory());
    const auto files = io::SyntheticScreenFiles::beside(r.common.output);
    log.info(fmt::format("{}: {} cells x {} genes, {:.1f} % non-zero", files.screen, screen.options().cells,
                         screen.options().genes, 100.0 * all["nonzero_share"].get<double>()));
    log.info(fmt::format("{}: {} conditions", files.truth, screen.conditions().size()));
    log.info(fmt::format("{}: {} true edges", files.edges, report.edges));
    log.info(fmt::format("{}: {} prior edges", files.prior, report.prior_edges));
    log.info(fmt::format("{} in {:.1f} s on {}, peak memory per rank {}", size_text(report.bytes),
                         all["seconds"].get<double>(), counted(world.size(), "rank"),
                         size_text(all["peak_memory_bytes"].get<double>())));
    world.on_root([&] { write_json(r.common, all); });
}

}  // namespace

int simulate_screen(const mpi::Communicator& world, std::span<const std::string> args) {
    Request request;
    CommandLine line("simulate screen", "-o SCREEN.h5ad [options]",
                     "Writes a synthetic perturbation screen made from a gene regulatory network with Hill kinetics:\n"
                     "  SCREEN.h5ad        raw counts, cells x genes\n"
                     "  SCREEN.truth.h5ad  noise-free log1p(CP10k) of every condition, held-out ones included\n"
                     "  SCREEN.edges.tsv   the true signed edges\n"
                     "  SCREEN.prior.tsv   the same with errors of your choice, as prior knowledge",
                     &request.common);
    add_options(line, request);
    if (!line.parse(world, args)) {
        return 0;
    }
    Log log = request.common.log(world);
    const auto start = Clock::now();
    std::optional<SyntheticScreen> screen;
    world.together([&] {
        resolve(request);
        screen.emplace(request.screen);
    });
    log.detail(fmt::format("network and steady states of {} conditions: {:.2f} s", screen->conditions().size(),
                           seconds_since(start)));
    if (request.common.dry_run) {
        forecast(world, *screen, log);
        return 0;
    }
    const auto report =
        io::write_synthetic_screen(world, *screen, io::SyntheticScreenFiles::beside(request.common.output),
                                   request.filter, options_json(request), log);
    tell(world, request, *screen, report, seconds_since(start), log);
    return 0;
}

}  // namespace lazynet::cli
