#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "lazynet/train/forecast.hpp"
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

using Json = nlohmann::ordered_json;

struct TrainCommand {
    CommonOptions common;
    ScreenOptions screen;
    std::vector<std::string> inputs;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    train::RunOutput output;
};

Json to_json(const train::Forecast& forecast) {
    Json json = {{"forecast", true},
                 {"conditions", forecast.conditions},
                 {"genes", forecast.genes},
                 {"inputs", forecast.inputs},
                 {"shards", forecast.shards},
                 {"output_bytes", forecast.output_bytes},
                 {"shared_bytes", forecast.shared_bytes}};
    for (const auto& phase : forecast.phases) {
        json["timings"].push_back({{"phase", phase.name},
                                   {"seconds", phase.seconds},
                                   {"least_seconds", phase.least},
                                   {"peak_bytes", phase.peak_bytes}});
    }
    return json;
}

void print_forecast(const train::Forecast& forecast, const mpi::Communicator& world, const Log& log) {
    log.info(fmt::format("{} conditions, {} genes, {} model inputs, {} shards on {}", forecast.conditions,
                         forecast.genes, forecast.inputs, forecast.shards, counted(world.size(), "rank")));
    log.info(
        "\nForecast, from short trials on this machine (about right within a factor of two). Times if no shard stops "
        "early");
    double total = 0.0;
    double least = 0.0;
    for (const auto& phase : forecast.phases) {
        total += phase.seconds;
        least += phase.least;
        log.info(fmt::format("  {:<24}{:>8.1f} s   peak memory per rank {:>10}", phase.name, phase.seconds,
                             size_text(phase.peak_bytes)));
    }
    log.info(fmt::format("  {:<24}{:>8.1f} s   {:.1f} s if all stop as early as they may", "all", total, least));
    if (forecast.shared_bytes > 0.0) {
        log.info(fmt::format("  {} of the memory hold the cells, once for all ranks of a node",
                             size_text(forecast.shared_bytes)));
    }
    log.info(fmt::format("  {:<24}{:>10}", "results on disk", size_text(forecast.output_bytes)));
    log.info("nothing was trained, nothing written");
}

/// --dry-run: everything is checked but nothing done.
void dry_run(const mpi::Communicator& world, io::ScreenFile file, const TrainCommand& command, const Log& log) {
    const train::Forecast forecast = train::forecast_run(world, file, command.config, command.output);
    print_forecast(forecast, world, log);
    world.on_root([&] {
        write_json(command.common, to_json(forecast));
        const auto free = command.output.path.empty() ? std::numeric_limits<std::uint64_t>::max()
                                                      : io::free_bytes(command.output.path);
        if (forecast.output_bytes > static_cast<double>(free)) {
            throw UserError(
                fmt::format("{}: about {} are needed and its folder has {} free; make room, write elsewhere, or store "
                            "less (--store)",
                            command.output.path, size_text(forecast.output_bytes), size_text(free)));
        }
    });
}

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
        command.output.options = recorded_options(line);
    });
    // A forecast needs no output, but one that is named must do.
    world.on_root([&] { require_outputs(command.common, command.output, !command.common.dry_run); });
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
        dry_run(world, std::move(*file), command, log);
        return 0;
    }
    const auto summary =
        train::train_screen(world, std::move(*file), command.config, command.output, static_cast<Index>(kShown), log);
    if (world.is_root()) {
        print_summary(summary, command.output, log);
        run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    }
    world.on_root([&] { write_json(command.common, to_json(summary)); });
    return 0;
}

}  // namespace lazynet::cli
