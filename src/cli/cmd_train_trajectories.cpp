#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint_options.hpp"
#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/dynamics_file.hpp"
#include "lazynet/io/network_file.hpp"
#include "lazynet/train/trajectory_trainer.hpp"
#include "prune_options.hpp"
#include "recorded_options.hpp"
#include "run_log.hpp"
#include "run_report.hpp"
#include "trajectory_options.hpp"
#include "trajectory_report.hpp"

namespace lazynet::cli {
namespace {

struct TrajectoryCommand {
    CommonOptions common;
    std::vector<std::string> inputs;
    io::TrajectoryOptions reading;
    train::TrajectoryConfig config;
    PruneWords prune;
    std::string model = "phoenix";
    std::string preset = "blocks";
    bool published = false;  ///< this command line asks for the published rules
    std::string start = "auto";
    std::string solver = "rk4";
    std::string keep = "auto";
    std::string validation_samples;
    std::string validation_file;
    std::string test_file;
    train::RunOutput output;
    train::CheckpointOptions checkpoint;
    std::string run_path;  ///< `prune`: what is taken up; "" for `train`
    io::DynamicsFile run;
};

void add_model_options(CommandLine& line, TrajectoryCommand& command) {
    train::TrajectoryConfig& config = command.config;
    auto model = line.group("Model").add_options();
    model("preset", bind(command.preset),
          "defaults of the other options. blocks: hidden units of its own for every gene; published: as in the DASH "
          "paper (also with --dash-parity)");
    model("model", bind(command.model),
          "phoenix (sums and products, gene multipliers), lazynet, lazynet-dense (dense-log-dense-exp), mlp");
    model("replicas", bind(config.replicas), "members of the ensemble");
    model("gene-blocks", bind(config.gene_blocks),
          "blocks of target genes, each with hidden units of its own; 1: the published form; 0: one per gene");
    model("hidden", bind(config.hidden), "hidden units of each kind per block");
    model("depth", bind(config.depth), "of lazynet-dense");
    auto solver = line.group("Integration").add_options();
    solver("solver", bind(command.solver), "rk4, dopri5 (adaptive), euler");
    solver("time-unit", bind(config.time_unit),
           "of the data's time that the model counts as one; 0: half the median interval between time points");
    solver("longest-step", bind(config.solver.longest), "of rk4 and euler, in the model's unit of time; 0: --steps");
    solver("steps", bind(config.solver.steps), "of rk4 and euler per interval, when --longest-step is 0");
    solver("relative-tolerance", bind(config.solver.relative), "of dopri5");
    solver("absolute-tolerance", bind(config.solver.absolute), "of dopri5");
    solver("intervals", bind(config.intervals),
           "intervals predicted from each observed state: 1 (teacher forcing), more (multi-step), 0: to the end");
}

void add_training_options(CommandLine& line, TrajectoryCommand& command) {
    train::TrajectoryConfig& config = command.config;
    auto training = line.group("Training").add_options();
    training("epochs", bind(config.epochs), "passes over the training trajectories");
    training("batch", bind(config.batch), "starting points per step; 0: those of one trajectory");
    training("learning-rate", bind(config.learning_rate), "Adam's, at first");
    training("least-rate", bind(config.least_rate), "floor of the learning rate");
    training("rate-factor", bind(config.rate_factor), "by which the rate falls when the validation error stalls");
    training("plateau", bind(config.plateau), "epochs of stalling before it falls");
    training("patience", bind(config.patience), "epochs without a better state before training ends; 0: never");
    training("l2", bind(config.l2), "coupled penalty on all weights");
    training("prior-weight", bind(config.prior_weight),
             "of the prior loss against the data's (PINN): published 0.01 for simulations");
    training("prior-states", bind(config.prior_states), "random states the prior loss is taken at");
    training("start", bind(command.start),
             "relaxation: from a sparse linear model of the rates, prior edges at a discount (phoenix with one block "
             "per gene); random; auto: relaxation where it can be");
    training("bootstrap", po::bool_switch(&config.bootstrap), "each replica weighs the trajectories at random");
    training("add-noise", bind(config.added_noise),
             "standard deviation of noise added once to training and validation values (for simulated data)");
    training("keep", bind(command.keep),
             "state kept of each replica: lowest validation error, or the sparsest one about as good; auto: lowest "
             "with --dash-parity or without pruning");
    training("keep-tolerance", bind(config.tolerance), "how much more validation error is about as good");
    auto split = line.group("Held out").add_options();
    split("validation-share", bind(config.validation_share), "of the trajectories, or of one trajectory's intervals");
    split("validation-samples", po::value(&command.validation_samples), "these trajectories instead: 3,23,25 (from 0)");
    split("validation", po::value(&command.validation_file), "these trajectories instead: a file");
    split("test", po::value(&command.test_file), "trajectories to be scored at the end: a file");
}

std::vector<Index> numbers_in(const std::string& text) {
    std::vector<Index> numbers;
    std::istringstream in(text);
    for (std::string field; std::getline(in, field, ',');) {
        try {
            std::size_t used = 0;
            numbers.push_back(std::stol(field, &used));
            if (used == field.size()) {
                continue;
            }
        } catch (const std::exception&) {
        }
        throw UserError("--validation-samples " + text + ": expected whole numbers with commas between them");
    }
    return numbers;
}

void read_words(TrajectoryCommand& command) {
    train::TrajectoryConfig& config = command.config;
    using enum train::DynamicsKind;
    choose<int>("preset", command.preset, {{"blocks", 0}, {"published", 0}});
    config.prune.parity |= command.published;
    config.model = choose<train::DynamicsKind>(
        "model", command.model,
        {{"phoenix", phoenix}, {"lazynet", lazynet}, {"lazynet-dense", lazynet_dense}, {"mlp", mlp}});
    config.solver.solver = choose<Solver>("solver", command.solver,
                                          {{"rk4", Solver::rk4}, {"dopri5", Solver::dopri5}, {"euler", Solver::euler}});
    const bool can_relax = config.model == phoenix && config.gene_blocks == 0;
    config.warm_start =
        choose<bool>("start", command.start, {{"auto", can_relax}, {"relaxation", true}, {"random", false}});
    if (config.warm_start && !can_relax) {
        throw UserError("--start relaxation needs --model phoenix and --gene-blocks 0");
    }
    config.validation_samples = numbers_in(command.validation_samples);
    config.seed = command.common.seed;
    read_words(command.prune, config.prune);
    const bool lowest = config.prune.parity || !config.prune.has_rounds();
    config.keep = choose<train::Keep>("keep", command.keep,
                                      {{"auto", lowest ? train::Keep::lowest : train::Keep::sparsest},
                                       {"lowest", train::Keep::lowest},
                                       {"sparsest", train::Keep::sparsest}});
    if (config.prior_weight > 0.0 && command.prune.prior.empty()) {
        throw UserError("--prior-weight needs prior knowledge: give --prior FILE");
    }
    config.check();
}

/// Defaults must be known before options are read.
bool asks_for_published(std::span<const std::string> args) {
    bool published = false;
    for (std::size_t k = 0; k < args.size(); ++k) {
        published |= args[k] == "--dash-parity" || args[k] == "--preset=published" ||
                     (args[k] == "--preset" && k + 1 < args.size() && args[k + 1] == "published");
    }
    return published;
}

void add_options(CommandLine& line, TrajectoryCommand& command) {
    add_model_options(line, command);
    add_training_options(line, command);
    add_prune_options(line, command.config.prune, command.prune);
    auto& reading = line.group("Input");
    reading.add_options()("gene-names", po::value(&command.reading.gene_names),
                          "file with one gene name per line, for a trajectory CSV [G1, G2 ...]");
    reading.add_options()("layer", po::value(&command.reading.layer), "h5ad: matrix with the values [X]");
    add_trajectory_options(reading, command.reading);
    add_edge_options(line, command.output);
    add_checkpoint_options(line, command.checkpoint);
}

/// What both commands do once their lines are read. Collective.
void complete(const mpi::Communicator& world, const CommandLine& line, std::size_t inputs, TrajectoryCommand& command) {
    command.output.path = command.common.output;
    world.together([&] {
        if (command.inputs.size() != inputs) {
            throw UserError("expected one file of trajectories, found none: lazynet train FILE -o RUN.h5ad");
        }
        read_words(command);
        settle(command.common, command.checkpoint);
        command.output.options = recorded_options(line);
    });
    world.on_root([&] {
        CommonOptions common = command.common;
        common.overwrite |= goes_on(command.checkpoint);
        require_outputs(common, command.output);
    });
}

bool parse_train(const mpi::Communicator& world, std::span<const std::string> args, TrajectoryCommand& command) {
    CommandLine line("train", "TRAJECTORIES -o RUN.h5ad [options]",
                     "Trains an ensemble of differential equations on trajectories and writes who pushes whom. "
                     "TRAJECTORIES is a trajectory\nCSV (first line: genes,samples) or an .h5ad with a time column "
                     "(--time-column). Under MPI the replicas are spread over\nthe ranks; the result is the same for "
                     "any number.",
                     &command.common);
    add_options(line, command);
    line.positional("input", &command.inputs, 1);
    if (!line.parse(world, args)) {
        return false;
    }
    complete(world, line, 1, command);
    return true;
}

/// Options as the run had them, unless the command line says otherwise.
std::string options_of_run(const po::variables_map& values, TrajectoryCommand& command) {
    if (values.count("input") == 0 || values["input"].as<std::vector<std::string>>().size() != 2) {
        throw UserError("expected a finished run and its trajectories: lazynet prune RUN.h5ad FILE -o OUT.h5ad");
    }
    const std::string path = values["input"].as<std::vector<std::string>>().front();
    command.run = io::read_dynamics(path);
    return io::option_lines(path, command.run.options, {"input", "time-unit"});
}

bool parse_prune(const mpi::Communicator& world, std::span<const std::string> args, TrajectoryCommand& command) {
    CommandLine line("prune", "RUN.h5ad TRAJECTORIES -o OUT.h5ad [options]",
                     "Takes the models of a run that `lazynet train` made of TRAJECTORIES, prunes them in rounds while "
                     "they are trained on,\nand writes a new run. Options are those the run was made with, where "
                     "nothing else is said.",
                     &command.common);
    command.prune.method = "magnitude";
    command.config.prune.start = 1;  // the models are trained already
    add_options(line, command);
    line.positional("input", &command.inputs, 2);
    line.fall_back_on([&](const po::variables_map& values) { return options_of_run(values, command); });
    if (!line.parse(world, args)) {
        return false;
    }
    command.output.command = "prune";
    complete(world, line, 2, command);
    command.config.time_unit = command.run.time_unit;
    command.config.replicas = static_cast<Index>(command.run.replicas.size());
    command.run_path = command.inputs.front();
    return true;
}

Trajectories read_file(const TrajectoryCommand& command, const std::string& path, std::vector<std::string>* notes) {
    io::TrajectoryOptions options = command.reading;
    options.path = path;
    return io::read_trajectories(options, notes);
}

train::TrajectoryInputs read_inputs(const TrajectoryCommand& command, std::vector<std::string>& notes) {
    train::TrajectoryInputs inputs;
    inputs.models = command.run.replicas;
    inputs.training = read_file(command, command.inputs.back(), &notes);
    if (!command.validation_file.empty()) {
        inputs.validation = read_file(command, command.validation_file, nullptr);
    }
    if (!command.test_file.empty()) {
        inputs.test = read_file(command, command.test_file, nullptr);
        if (inputs.test.gene_count() != inputs.training.gene_count()) {
            throw UserError(fmt::format("{}: {} genes, but {} has {}", command.test_file, inputs.test.gene_count(),
                                        command.inputs.back(), inputs.training.gene_count()));
        }
    }
    const std::vector<std::string>& genes = inputs.training.genes;
    inputs.prior.edges.resize(inputs.training.gene_count(), inputs.training.gene_count());
    if (!command.prune.prior.empty()) {
        Prior prior = io::read_prior(command.prune.prior, genes, genes, genes);
        notes.push_back(command.prune.prior + ": " + report(prior.match));
        inputs.prior.edges = std::move(prior.edges);
        inputs.prior.co_regulation = CoRegulation::from_prior(inputs.prior.edges);
    }
    if (!command.prune.interactions.empty()) {
        const Prior known = io::read_interactions(command.prune.interactions, genes);
        notes.push_back(command.prune.interactions + ": " + report(known.match));
        inputs.prior.co_regulation = CoRegulation::from_interactions(known.edges);
    }
    return inputs;
}

}  // namespace

bool is_about_trajectories(std::span<const std::string> args) {
    std::string time_column;
    bool other_model = false;
    for (std::size_t k = 0; k + 1 < args.size(); ++k) {
        if (args[k] == "--time-column") {
            time_column = args[k + 1];
        }
        other_model |= args[k] == "--model" && args[k + 1] != "lazynet";
    }
    // A stream (--json /dev/stdout) must not be looked into: that could wait for ever.
    return other_model || std::any_of(args.begin(), args.end(), [&](const std::string& arg) {
               std::error_code ignored;
               return !arg.starts_with("-") && std::filesystem::is_regular_file(arg, ignored) &&
                      io::is_trajectory_file(arg, time_column);
           });
}

namespace {

train::Checkpoints checkpoints_of(const mpi::Communicator& world, const TrajectoryCommand& command, Log& log) {
    const RunInputs inputs = {{"trajectories", command.inputs.back()},     {"run", command.run_path},
                              {"validation", command.validation_file},     {"test", command.test_file},
                              {"gene names", command.reading.gene_names},  {"prior", command.prune.prior},
                              {"interactions", command.prune.interactions}};
    return open_checkpoints(world, command.checkpoint, command.run_path.empty() ? "train" : "prune",
                            command.output.options, inputs, command.output.path, log);
}

int run(const mpi::Communicator& world, const TrajectoryCommand& command, const RunLog& run_log) {
    Log log = command.common.log(world);
    log.info(greeting(world, command.config.seed));
    std::vector<std::string> notes;
    train::TrajectoryInputs inputs;
    world.together([&] { inputs = read_inputs(command, notes); });
    for (const std::string& note : notes) {
        log.info(note);
    }
    if (command.common.dry_run) {
        log.info("everything can be read; nothing was trained, nothing written");
        return 0;
    }
    train::Checkpoints checkpoints = checkpoints_of(world, command, log);
    if (checkpoints.finished()) {
        return 0;
    }
    const auto summary = train::train_trajectories(world, std::move(inputs), command.config, command.output,
                                                   static_cast<Index>(kShown), checkpoints, log);
    const bool tested = !command.test_file.empty();
    if (world.is_root()) {
        print_summary(summary, command.output, tested, log);
        run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    }
    world.on_root([&] { write_json(command.common, to_json(summary, tested)); });
    return 0;
}

void settle_defaults(std::span<const std::string> args, TrajectoryCommand& command) {
    if (asks_for_published(args)) {
        command.preset = "published";
        command.published = true;
        command.start = "random";
        command.config = train::TrajectoryConfig::published();
    }
    command.prune.lambda = fmt::format("{},{}", command.config.prune.lambda.inner, command.config.prune.lambda.outer);
}

}  // namespace

std::string trajectory_defaults(bool published) {
    TrajectoryCommand command;
    settle_defaults(published ? std::vector<std::string>{"--preset", "published"} : std::vector<std::string>{},
                    command);
    CommandLine line("train", "", "", &command.common);
    add_options(line, command);
    line.take_defaults();
    return recorded_options(line);
}

int train_on_trajectories(const mpi::Communicator& world, std::span<const std::string> args) {
    const RunLog run_log("train", args);
    TrajectoryCommand command;
    settle_defaults(args, command);
    return parse_train(world, args, command) ? run(world, command, run_log) : 0;
}

int prune_on_trajectories(const mpi::Communicator& world, std::span<const std::string> args) {
    const RunLog run_log("prune", args);
    TrajectoryCommand command;
    settle_defaults(args, command);
    return parse_prune(world, args, command) ? run(world, command, run_log) : 0;
}

}  // namespace lazynet::cli
