#include <optional>

#include "checkpoint_options.hpp"
#include "commands.hpp"
#include "figures.hpp"
#include "forecast_report.hpp"
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

struct TrainCommand {
    CommonOptions common;
    ScreenOptions screen;
    std::vector<std::string> inputs;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    train::RunOutput output;
    train::CheckpointOptions checkpoint;
};

bool parse(const mpi::Communicator& world, std::span<const std::string> args, TrainCommand& command) {
    CommandLine line(
        "train", "SCREEN -o RUN.h5ad [options]",
        "Trains an ensemble of LazyNet models on a perturbation screen and writes the consensus gene-gene interaction\n"
        "matrix, predictions and scores. SCREEN is .h5ad, 10x .h5, a 10x .mtx folder, or CSV/TSV.\n"
        "Under MPI the shards (replica x gene block) are spread over the ranks; the result is the same for any "
        "number.\n"
        "Trajectories are trained on too, with options of their own: lazynet train --model phoenix --help\n"
        "So are folders of knock-outs, knock-downs and time series: lazynet train FOLDER --help",
        &command.common);
    add_train_options(line, command.config, command.words);
    add_edge_options(line, command.output);
    add_checkpoint_options(line, command.checkpoint);
    add_split_options(line, command.split);
    add_screen_options(line.group("Screen"), command.screen);
    line.positional("input", &command.inputs, 1);
    if (!line.parse(world, args)) {
        return false;
    }
    command.output.path = command.common.output;
    command.config.seed = command.common.seed;
    world.together([&] {
        if (command.inputs.size() != 1) {
            throw UserError("expected one screen, found none: lazynet train SCREEN -o RUN.h5ad");
        }
        command.screen.path = command.inputs[0];
        read_words(command.words, command.config);
        settle(command.common, command.checkpoint);
        command.output.options = recorded_options(line);
    });
    // A forecast needs no output, but one that is named must do.
    world.on_root([&] {
        CommonOptions common = command.common;
        common.overwrite |= goes_on(command.checkpoint);
        require_outputs(common, command.output, !common.dry_run);
    });
    return true;
}

}  // namespace

int train(const mpi::Communicator& world, std::span<const std::string> args) {
    if (is_about_trajectories(args)) {
        return train_on_trajectories(world, args);
    }
    if (is_about_system(args)) {
        return train_on_system(world, args);
    }
    const RunLog run_log("train", args);
    TrainCommand command;
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
        dry_run(world, *file, command.config, command.output, nullptr, command.common, log);
        return 0;
    }
    train::Checkpoints checkpoints =
        open_checkpoints(world, command.checkpoint, "train", command.output.options,
                         inputs_of(command.screen, command.split.file, command.config), command.output.path, log);
    if (checkpoints.finished()) {
        return 0;
    }
    const auto summary = train::train_screen(world, std::move(*file), command.config, command.output,
                                             static_cast<Index>(kShown), checkpoints, log);
    if (world.is_root()) {
        print_summary(summary, command.output, log);
        run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    }
    world.on_root([&] { write_json(command.common, to_json(summary)); });
    return 0;
}

}  // namespace lazynet::cli
