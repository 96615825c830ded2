#include "train_command.hpp"

#include "checkpoint_options.hpp"
#include "lazynet/core/error.hpp"
#include "recorded_options.hpp"
#include "run_report.hpp"
#include "screen_options.hpp"

namespace lazynet::cli {

bool parse_train(const mpi::Communicator& world, std::span<const std::string> args, TrainCommand& command) {
    CommandLine line(
        "train", "SCREEN -o RUN.h5ad [options]",
        "Trains an ensemble of LazyNet models on a perturbation screen and writes the consensus gene-gene interaction\n"
        "matrix, predictions and scores. SCREEN is .h5ad, 10x .h5, a 10x .mtx folder, or CSV/TSV.\n"
        "Several screens, or --screens LIST, are trained in one run and compared: lazynet train --screens LIST --help\n"
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
    line.positional("input", &command.inputs, -1);
    if (!line.parse(world, args)) {
        return false;
    }
    if (command.inputs.size() > 1) {
        return true;
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

}  // namespace lazynet::cli
