#include <fmt/format.h>

#include <optional>

#include "checkpoint_options.hpp"
#include "commands.hpp"
#include "figures.hpp"
#include "forecast_report.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/model_file.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/train/trainer.hpp"
#include "recorded_options.hpp"
#include "run_log.hpp"
#include "run_report.hpp"
#include "screen_options.hpp"
#include "split_options.hpp"
#include "train_options.hpp"
#include "train_report.hpp"

namespace lazynet::cli {
namespace {

struct PruneCommand {
    CommonOptions common;
    ScreenOptions screen;
    std::vector<std::string> inputs;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    train::RunOutput output;
    train::CheckpointOptions checkpoint;
    std::optional<io::ModelFile> models;
};

/// Options as the run had them, unless the command line says otherwise.
std::string options_of_run(const po::variables_map& values, std::optional<io::ModelFile>& models) {
    if (values.count("input") == 0 || values["input"].as<std::vector<std::string>>().size() != 2) {
        throw UserError("expected a finished run and its screen: lazynet prune RUN.h5ad SCREEN -o OUT.h5ad");
    }
    models.emplace(values["input"].as<std::vector<std::string>>().front());
    return io::option_lines(*models);
}

bool parse(const mpi::Communicator& world, std::span<const std::string> args, PruneCommand& command) {
    CommandLine line(
        "prune", "RUN.h5ad SCREEN -o OUT.h5ad [options]",
        "Takes the models of a run that `lazynet train` made of SCREEN, prunes them in rounds while they are trained "
        "on,\n"
        "and writes a new run. Options are those the run was made with, where nothing else is said; prune again with\n"
        "--prune-initial 0 to go on from a pruned run.",
        &command.common);
    command.words.prune.method = "magnitude";
    command.config.prune.start = 1;  // the models are trained already
    add_train_options(line, command.config, command.words);
    add_edge_options(line, command.output);
    add_checkpoint_options(line, command.checkpoint);
    add_split_options(line, command.split);
    add_screen_options(line.group("Screen"), command.screen);
    line.positional("input", &command.inputs, 2);
    line.fall_back_on([&](const po::variables_map& values) { return options_of_run(values, command.models); });
    if (!line.parse(world, args)) {
        return false;
    }
    command.output.path = command.common.output;
    command.config.seed = command.common.seed;
    world.together([&] {
        command.screen.path = command.inputs[1];
        read_words(command.words, command.config);
        settle(command.common, command.checkpoint);
        if (!command.config.prune.has_rounds()) {
            throw UserError("--prune none leaves nothing to do: choose dash, magnitude, bioprune or random");
        }
        if (command.config.gene_blocks == 0 && command.models->shards() % command.config.replicas == 0) {
            command.config.gene_blocks = command.models->shards() / command.config.replicas;  // as they were
        }
        command.output.options = recorded_options(line);
        command.output.command = "prune";
    });
    world.on_root([&] {
        CommonOptions common = command.common;
        common.overwrite |= goes_on(command.checkpoint);
        require_outputs(common, command.output, !common.dry_run);
    });
    return true;
}

}  // namespace

int prune_run(const mpi::Communicator& world, std::span<const std::string> args) {
    if (is_about_trajectories(args)) {
        return prune_on_trajectories(world, args);
    }
    const RunLog run_log("prune", args);
    PruneCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    Log log = command.common.log(world);
    log.info(greeting(world, command.config.seed));
    std::optional<io::ScreenFile> file;
    std::string held_out;
    world.together([&] {
        file = io::open_screen(command.screen);
        held_out = apply_split(command.split, file->screen, command.output);
    });
    if (!held_out.empty()) {
        log.info(held_out);
    }
    if (command.common.dry_run) {
        dry_run(world, *file, command.config, command.output, &*command.models, command.common, log);
        return 0;
    }
    RunInputs inputs = inputs_of(command.screen, command.split.file, command.config);
    inputs.emplace_back("run", command.inputs[0]);
    train::Checkpoints checkpoints =
        open_checkpoints(world, command.checkpoint, "prune", command.output.options, inputs, command.output.path, log);
    if (checkpoints.finished()) {
        return 0;
    }
    const auto summary = train::train_screen(world, std::move(*file), command.config, command.output,
                                             static_cast<Index>(kShown), checkpoints, log, &*command.models);
    if (world.is_root()) {
        print_summary(summary, command.output, log);
        run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    }
    world.on_root([&] { write_json(command.common, to_json(summary)); });
    return 0;
}

}  // namespace lazynet::cli
