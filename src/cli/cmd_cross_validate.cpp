#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <optional>

#include "commands.hpp"
#include "evaluation_output.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/split_file.hpp"
#include "lazynet/predict/predictions.hpp"
#include "lazynet/predict/requests.hpp"
#include "lazynet/scoring/joined_predictions.hpp"
#include "lazynet/train/trainer.hpp"
#include "recorded_options.hpp"
#include "run_report.hpp"
#include "screen_options.hpp"
#include "split_options.hpp"
#include "train_options.hpp"

namespace lazynet::cli {
namespace {

namespace fs = std::filesystem;

struct ValidationCommand {
    CommonOptions common;
    ScreenOptions screen;
    std::vector<std::string> inputs;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    EvaluationOutput output;
    bool no_differential = false;
    std::string options;  ///< recorded
};

bool parse(const mpi::Communicator& world, std::span<const std::string> args, ValidationCommand& command) {
    command.words.store = "none";
    CommandLine line(
        "evaluate", "SCREEN --split SPLIT.json -o FOLDER [options]",
        "Cross-validation: trains on every fold of a split, predicts what it holds out, and judges all folds together\n"
        "beside the baselines. FOLDER gets run_<fold>.h5ad, predictions.h5ad and the tables of\n"
        "`lazynet evaluate predictions.h5ad --truth SCREEN --split SPLIT.json`.",
        &command.common);
    add_train_options(line, command.config, command.words);
    add_split_options(line, command.split);
    po::options_description& figures = line.group("Figures");
    add_output_options(figures, command.output);
    figures.add_options()("no-differential", po::bool_switch(&command.no_differential),
                          "do not test genes for differential expression");
    add_screen_options(line.group("Screen"), command.screen);
    line.positional("input", &command.inputs, 1);
    if (!line.parse(world, args)) {
        return false;
    }
    command.config.seed = command.common.seed;
    world.together([&] {
        if (command.inputs.size() != 1) {
            throw UserError("expected one screen, found none: lazynet evaluate SCREEN --split SPLIT.json -o FOLDER");
        }
        if (command.common.output.empty()) {
            throw UserError(
                "cross-validation trains on every fold of the split: name a folder for the runs with -o, or give the "
                "screen with --truth to judge predictions that are there already");
        }
        command.screen.path = command.inputs[0];
        read_words(command.words, command.config);
        command.options = recorded_options(line);
    });
    return true;
}

/// Files of one fold.
struct FoldFiles {
    std::string run;
    std::string predictions;
};

FoldFiles files_of(const ValidationCommand& command, const Fold& fold) {
    std::string name = fold.name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '/' || c == ' '; }, '_');
    const fs::path folder(command.common.output);
    return {(folder / ("run_" + name + ".h5ad")).string(), (folder / ("predictions_" + name + ".h5ad")).string()};
}

/// Trains on all that the fold does not hold out, and predicts what it does. Collective.
void validate_fold(const mpi::Communicator& world, const ValidationCommand& command, const Fold& fold, Log& log) {
    const FoldFiles files = files_of(command, fold);
    train::RunOutput output;
    output.path = files.run;
    output.options = command.options;
    std::optional<io::ScreenFile> file;
    std::string held_out;
    world.together([&] {
        file = io::open_screen(command.screen);
        held_out = apply_split({command.split.file, fold.name}, file->screen, output);
    });
    log.info("\n" + held_out);
    train::Checkpoints none;
    train::train_screen(world, std::move(*file), command.config, output, 0, none, log);
    std::optional<predict::RunModels> models;
    std::vector<predict::Asked> asked;
    world.together([&] {
        models.emplace(files.run);
        std::vector<Index> contexts(models->facts().contexts.size());
        std::iota(contexts.begin(), contexts.end(), Index{0});
        asked = predict::requests_of(fold, *models, contexts).asked;
    });
    predict::PredictionOutput predictions;
    predictions.path = files.predictions;
    predictions.options = command.options;
    predictions.fold = fold.name;
    predict::write_predictions(world, *models, asked, predictions, [](Index, Index) {});
}

void require_outputs(const ValidationCommand& command, const std::vector<Fold>& folds) {
    for (const Fold& fold : folds) {
        require_writable(files_of(command, fold).run, command.common.overwrite);
        require_writable(files_of(command, fold).predictions, command.common.overwrite);
    }
    require_writable((fs::path(command.common.output) / "predictions.h5ad").string(), command.common.overwrite);
}

/// One file of all folds in place of theirs. Collective.
std::string join(const mpi::Communicator& world, const ValidationCommand& command, const std::vector<Fold>& folds) {
    std::vector<std::string> paths;
    for (const Fold& fold : folds) {
        paths.push_back(files_of(command, fold).predictions);
    }
    const std::string all = (fs::path(command.common.output) / "predictions.h5ad").string();
    scoring::join_predictions(world, paths, all, command.options);
    world.on_root([&] {
        for (const std::string& path : paths) {
            std::error_code ignored;
            fs::remove(path, ignored);
        }
    });
    return all;
}

void judge(const mpi::Communicator& world, const ValidationCommand& command, const std::string& predictions,
           const std::optional<Split>& split, Log& log) {
    std::optional<io::ScreenFile> truth;
    std::optional<scoring::PredictionFile> file;
    world.together([&] {
        truth = io::open_screen(command.screen);
        ScreenOptions options;
        options.path = predictions;
        options.normalization = "none";
        file = scoring::open_predictions(options);
    });
    scoring::EvaluationOptions how;
    how.method = "lazynet";
    how.gene_graph = command.config.embedding.graphs.empty() ? "" : command.config.embedding.graphs.front();
    how.differential = !command.no_differential;
    how.seed = command.common.seed;
    report_evaluation(world, scoring::evaluate_predictions(world, *truth, *file, split, how, log), command.common,
                      command.output, log);
}

}  // namespace

int cross_validate(const mpi::Communicator& world, std::span<const std::string> args) {
    ValidationCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    Log log = command.common.log(world);
    log.info(greeting(world, command.common.seed));
    std::optional<Split> split;
    world.together([&] {
        const Screen screen = io::open_screen(command.screen).screen;
        split = io::read_split(command.split.file, screen);
        if (!command.split.fold.empty()) {
            split->folds = {split->fold(command.split.fold)};
        }
    });
    world.on_root([&] {
        name_outputs(command.common, command.output);
        if (!command.common.dry_run) {
            require_outputs(command, split->folds);
        }
    });
    if (command.common.dry_run) {
        log.info(fmt::format("would train on {} of {}", counted(static_cast<Index>(split->folds.size()), "fold"),
                             command.split.file));
        return 0;
    }
    for (const Fold& fold : split->folds) {
        validate_fold(world, command, fold, log);
    }
    log.info("");
    judge(world, command, join(world, command, split->folds), split, log);
    return 0;
}

}  // namespace lazynet::cli
