#include <optional>

#include "commands.hpp"
#include "evaluation_output.hpp"
#include "evaluation_report.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/io/split_file.hpp"
#include "options.hpp"
#include "screen_options.hpp"

namespace lazynet::cli {
namespace {

struct PredictionsCommand {
    CommonOptions common;
    std::vector<std::string> input;
    ScreenOptions truth;
    ScreenOptions predictions;
    scoring::EvaluationOptions how;
    EvaluationOutput output;
    std::string split;
    std::string pairs = "auto";
    bool no_differential = false;
    bool list_measures = false;
};

void add_options(CommandLine& line, PredictionsCommand& command) {
    auto against = line.group("Against what").add_options();
    against("truth", po::value(&command.truth.path), "the screen: any file that `lazynet train` takes");
    against(
        "split", po::value(&command.split),
        "a split: its held-out conditions are judged, baselines learn from the others [what is predicted is judged, "
        "baselines learn from all else]");
    against("gene-graph", po::value(&command.how.gene_graph), "gene-gene edges for the baseline graph_kernel");
    po::options_description& figures = line.group("Figures");
    add_output_options(figures, command.output);
    auto how = figures.add_options();
    how("name", bind(command.how.method), "what the predictions are called in tables");
    how("list-measures", po::bool_switch(&command.list_measures), "print what measures there are, and stop");
    how("pairs", bind(command.pairs),
        "who is compared with every other truth (discrimination, ranks, NIR): all methods, predicted, none; auto: all "
        "up to 3,000 conditions, then predicted");
    how("no-differential", po::bool_switch(&command.no_differential),
        "do not test genes for differential expression: without the measures and strata that need it");
    add_screen_options(line.group("The screen"), command.truth);
    auto predictions = line.group("The predictions").add_options();
    ScreenOptions& p = command.predictions;
    predictions("predictions-pert-col", po::value(&p.pert_col), "obs column of perturbation labels [found]");
    predictions("predictions-control", po::value(&p.control), "label of control rows [usual names; may be missing]");
    predictions("predictions-separator", po::value(&p.separator), "between the genes of a label [found]");
    predictions("predictions-context-col", po::value(&p.context_col), "obs column of contexts; none: one [found]");
    predictions("predictions-layer", po::value(&p.layer), "matrix to read: a name in layers, or raw [X]");
    predictions("predictions-gene-names", po::value(&p.gene_names), "var column of gene names, or index [index]");
    predictions("predictions-normalization", bind(p.normalization),
                "none: log expression as it is; counts, log1p: rows are cells like those of a screen");
    line.positional("input", &command.input, 1);
}

void validate(PredictionsCommand& command) {
    if (command.input.empty() || command.truth.path.empty()) {
        throw UserError(std::string(command.input.empty() ? "no predictions" : "no truth (--truth)") +
                        " named; usage: lazynet evaluate PREDICTIONS.h5ad --truth SCREEN");
    }
    command.predictions.path = command.input[0];
    command.how.seed = command.common.seed;
    command.how.pairs = choose<scoring::PairsOf>("pairs", command.pairs,
                                                 {{"auto", scoring::PairsOf::automatic},
                                                  {"all", scoring::PairsOf::all},
                                                  {"predicted", scoring::PairsOf::predicted},
                                                  {"none", scoring::PairsOf::none}});
    command.how.differential = !command.no_differential;
}

}  // namespace

int evaluate_predictions(const mpi::Communicator& world, std::span<const std::string> args) {
    PredictionsCommand command;
    command.predictions.normalization = "none";
    CommandLine line(
        "evaluate", "PREDICTIONS --truth SCREEN [options]",
        "Judges predictions of perturbations by a screen, beside the baselines that know no network and the noise\n"
        "ceiling. PREDICTIONS: h5ad, CSV or any other input of `lazynet train`, anyone's; a row per condition (or "
        "cells,\n"
        "which are averaged) of log expression, a label per row, genes by name in any order, layers/sd if there are.\n"
        "Networks are judged by `lazynet evaluate network`; `lazynet evaluate SCREEN --split SPLIT.json -o FOLDER`\n"
        "trains on every fold, predicts what it holds out, and judges that.",
        &command.common);
    add_options(line, command);
    if (!line.parse(world, args)) {
        return 0;
    }
    Log log = command.common.log(world);
    if (command.list_measures) {
        log.info(measure_text());
        return 0;
    }
    std::optional<Split> split;
    std::optional<io::ScreenFile> truth;
    std::optional<scoring::PredictionFile> predictions;
    world.together([&] { validate(command); });
    world.on_root([&] { name_outputs(command.common, command.output); });
    world.together([&] {
        truth = io::open_screen(command.truth);
        predictions = scoring::open_predictions(command.predictions);
        if (!command.split.empty()) {
            split = io::read_split(command.split, truth->screen);
        }
    });
    const scoring::Evaluation evaluation =
        scoring::evaluate_predictions(world, *truth, *predictions, split, command.how, log);
    report_evaluation(world, evaluation, command.common, command.output, log);
    return 0;
}

}  // namespace lazynet::cli
