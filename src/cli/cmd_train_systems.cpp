#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/system_folder.hpp"
#include "lazynet/train/system_trainer.hpp"
#include "options.hpp"
#include "recorded_options.hpp"
#include "run_log.hpp"
#include "run_report.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Genes x genes matrices in the results: four statistics, total effects, strengths.
constexpr double kMatrices = 6.0;

struct SystemCommand {
    CommonOptions common;
    std::vector<std::string> inputs;
    train::SystemConfig config;
    train::RunOutput output;
};

Json to_json(const System& system, const train::SystemSummary& summary) {
    Json json = {{"genes", system.gene_count()}};
    for (const StateKind kind : kStateKinds) {
        json["states"][state_text(kind)] = system[kind].experiments();
    }
    json["time_series"] = system.series.size();
    json["multifactorial"] = {{"rank_correlation", summary.multifactorial.correlation},
                              {"used", summary.multifactorial.same}};
    json["knockout_dose"] = summary.knockout_dose;
    json["knockdown_dose"] = summary.knockdown_dose;
    json["relaxed_share"] = summary.relaxed_share;
    json["effect_sd"] = summary.effect_sd;
    for (const io::Edge& e : shown(summary.edges)) {
        json["edges"].push_back(edge_json(e, system.genes[static_cast<std::size_t>(e.regulator)],
                                          system.genes[static_cast<std::size_t>(e.target)]));
    }
    add_timings(summary.phases, json);
    return json;
}

void print(const System& system, const train::SystemSummary& summary, const train::RunOutput& output, const Log& log) {
    log.info("\nMost certain edges (standard deviations of the target per standard deviation; direct effects)");
    log.info(fmt::format("  {:<16}{:<16}{:>10}{:>12}{:>10}", "regulator", "target", "mean", "|mean|/sd", "sign"));
    for (const io::Edge& e : shown(summary.edges)) {
        log.info(fmt::format(
            "  {:<16}{:<16}{:>10.3f}{:>12.1f}{:>10.2f}", system.genes[static_cast<std::size_t>(e.regulator)],
            system.genes[static_cast<std::size_t>(e.target)], e.mean, io::certainty(e), e.sign_agreement));
    }
    log.info("");
    print_phases(summary.phases, log);
    log.info("wrote " + output.path);
    if (!output.edges.empty()) {
        log.info("wrote " + output.edges);
    }
}

void add_options(CommandLine& line, SystemCommand& command) {
    auto model = line.group("Model").add_options();
    model("replicas", bind(command.config.replicas), "members of the ensemble");
    model("perturbed-share", bind(command.config.perturbed_share),
          "part of each time series, from its start, during which its perturbation is on");
    add_edge_options(line, command.output);
}

bool parse(const mpi::Communicator& world, std::span<const std::string> args, SystemCommand& command) {
    CommandLine line(
        "train", "FOLDER -o RUN.h5ad [options]",
        "Learns the direct effects among the genes of a closed system from a folder with any of wildtype, knockouts,\n"
        "knockdowns, multifactorial and timeseries files (.tsv or .csv, as in the DREAM challenges), all together and\n"
        "without a prior, and writes them as a run. Under MPI target genes are spread over the ranks; the result is "
        "the\n"
        "same for any number.",
        &command.common);
    add_options(line, command);
    line.positional("input", &command.inputs, 1);
    if (!line.parse(world, args)) {
        return false;
    }
    command.config.seed = command.common.seed;
    command.output.path = command.common.output;
    world.together([&] {
        command.config.validate();
        command.output.options = recorded_options(line);
    });
    world.on_root([&] { require_outputs(command.common, command.output, !command.common.dry_run); });
    return true;
}

}  // namespace

bool is_about_system(std::span<const std::string> args) {
    return std::any_of(args.begin(), args.end(),
                       [](const std::string& arg) { return !arg.starts_with("-") && io::holds_system(arg); });
}

std::string system_defaults() {
    SystemCommand command;
    CommandLine line("train", "", "", &command.common);
    add_options(line, command);
    line.take_defaults();
    return recorded_options(line);
}

int train_on_system(const mpi::Communicator& world, std::span<const std::string> args) {
    const RunLog run_log("train", args);
    SystemCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    const Log log = command.common.log(world);
    log.info(greeting(world, command.config.seed));
    System system;
    world.together([&] { system = io::read_system(io::find_system_files(command.inputs.at(0))); });
    if (command.common.dry_run) {
        const double pairs = static_cast<double>(system.gene_count()) * static_cast<double>(system.gene_count());
        log.info(fmt::format("{}, results of about {}; nothing was trained, nothing written",
                             counted(system.gene_count(), "gene"), size_text(kMatrices * sizeof(float) * pairs)));
        return 0;
    }
    const auto summary =
        train::train_system(world, system, command.config, command.output, static_cast<Index>(kShown), log);
    if (world.is_root()) {
        print(system, summary, command.output, log);
        run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    }
    world.on_root([&] { write_json(command.common, to_json(system, summary)); });
    return 0;
}

}  // namespace lazynet::cli
