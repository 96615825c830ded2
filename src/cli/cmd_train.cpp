#include <optional>

#include "checkpoint_options.hpp"
#include "commands.hpp"
#include "figures.hpp"
#include "forecast_report.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/train/trainer.hpp"
#include "run_log.hpp"
#include "run_report.hpp"
#include "split_options.hpp"
#include "train_command.hpp"
#include "train_report.hpp"

namespace lazynet::cli {
int train(const mpi::Communicator& world, std::span<const std::string> args) {
    if (is_about_trajectories(args)) {
        return train_on_trajectories(world, args);
    }
    if (is_about_system(args)) {
        return train_on_system(world, args);
    }
    if (is_about_screens(args)) {
        return train_on_screens(world, args);
    }
    const RunLog run_log("train", args);
    TrainCommand command;
    if (!parse_train(world, args, command)) {
        return 0;
    }
    if (command.inputs.size() > 1) {
        return train_on_screens(world, args);
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
