#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "checkpoint_options.hpp"
#include "commands.hpp"
#include "cross_report.hpp"
#include "figures.hpp"
#include "forecast_report.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "lazynet/train/many_screens.hpp"
#include "lazynet/train/rows.hpp"
#include "lazynet/train/trainer.hpp"
#include "run_log.hpp"
#include "run_report.hpp"
#include "screen_list.hpp"
#include "screen_options.hpp"
#include "screens_report.hpp"
#include "train_command.hpp"
#include "train_report.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Options that only runs of many screens have.
const std::vector<std::string> kOwn = {"screens",         "skip-bad",   "no-compare",
                                       "cross-certainty", "cross-sign", "cross-top"};

/// One screen of the run: the command line that trains it alone, read.
struct OneScreen {
    std::string name;
    std::vector<std::string> arguments;
    TrainCommand command;
};

struct ScreensCommand {
    TrainCommand all;
    std::string list;
    bool skip_bad = false;
    bool no_compare = false;
    train::CrossOptions cross;
    std::vector<OneScreen> screens;
    [[nodiscard]] const CommonOptions& common() const { return all.common; }
    [[nodiscard]] std::string place(const std::string& name) const {
        return (std::filesystem::path(all.common.output) / name).string();
    }
};

std::vector<ListedScreen> listed(const ScreensCommand& command) {
    std::vector<ListedScreen> screens;
    if (!command.list.empty()) {
        screens = read_screen_list(command.list);
    }
    for (const std::string& path : command.all.inputs) {
        screens.push_back({"", path, {}});
    }
    if (screens.empty()) {
        throw UserError("expected screens, found none: lazynet train A.h5ad B.h5ad -o FOLDER");
    }
    name_screens(screens);
    return screens;
}

/// What would be typed to train this screen alone.
std::vector<std::string> arguments_of(const ListedScreen& screen, const CommandLine& line,
                                      const ScreensCommand& command) {
    std::vector<std::string> without = kOwn;
    for (const char* name : {"output", "json", "edges-top", "checkpoint"}) {
        without.emplace_back(name);
    }
    std::vector<std::string> own = {screen.path};
    if (!command.common().output.empty()) {
        own.push_back("--output=" + command.place(screen.name + ".h5ad"));
    }
    if (!command.all.checkpoint.folder.empty()) {
        const auto folder = std::filesystem::path(command.all.checkpoint.folder) / screen.name;
        own.push_back("--checkpoint=" + folder.string());
    }
    for (const auto& [option, value] : screen.options) {
        own.push_back("--" + option + "=" + value);
        without.push_back(option);
    }
    for (std::string& argument : line.arguments(without)) {
        own.push_back(std::move(argument));
    }
    return own;
}

void make_folder(const std::string& folder) {
    std::error_code failure;
    if (!std::filesystem::is_directory(folder, failure)) {
        std::filesystem::create_directory(folder, failure);
        if (failure) {
            throw UserError(fmt::format("cannot make the folder {}: {}", folder, failure.message()));
        }
    }
}

/// Folders of results and checkpoints, and what is compared at the end must be replaceable.
void prepare_output(const ScreensCommand& command) {
    const CommonOptions& common = command.common();
    if (common.output.empty()) {
        if (common.dry_run) {
            return;
        }
        throw UserError("no output named; give a folder with -o FOLDER");
    }
    std::error_code ignored;
    if (!common.dry_run) {
        make_folder(common.output);
        if (!command.all.checkpoint.folder.empty()) {
            make_folder(command.all.checkpoint.folder);
        }
    }
    if (std::filesystem::is_directory(common.output, ignored)) {
        const CrossFiles files(common.output);
        const bool replace = common.overwrite || command.all.checkpoint.resume;
        require_writable(files.list, replace);
        require_writable(files.matrices, replace);
    }
}

bool parse(const mpi::Communicator& world, std::span<const std::string> args, ScreensCommand& command) {
    CommandLine line(
        "train", "SCREEN1 SCREEN2 ... -o FOLDER [options], or --screens LIST -o FOLDER [options]",
        "Trains on many screens in one run. FOLDER gets one results file per screen, the same that training on it "
        "alone\n"
        "makes, and what the screens say together: cross_screen.tsv.gz (edges shared, private, of opposite signs) and\n"
        "cross_screen.h5ad. Under MPI a screen that takes long gets several ranks, others are trained side by side.\n"
        "LIST has one path per line, then options of that screen: b.h5ad pert-col=guide control=NTC name=second",
        &command.all.common);
    auto many = line.group("Many screens").add_options();
    many("screens", po::value(&command.list),
         "file of screens: a path per line, then option=value for options of the group \"Screen\", and name=NAME");
    many("skip-bad", po::bool_switch(&command.skip_bad), "leave out screens that cannot be trained on, and say so");
    many("no-compare", po::bool_switch(&command.no_compare), "do not compare the screens at the end");
    add_train_options(line, command.all.config, command.all.words);
    add_checkpoint_options(line, command.all.checkpoint);
    add_screen_options(line.group("Screen"), command.all.screen);
    add_cross_options(line, command.cross);
    line.positional("input", &command.all.inputs, -1);
    if (!line.parse(world, args)) {
        return false;
    }
    std::vector<ListedScreen> screens;
    world.together([&] {
        require_sense(command.cross);
        settle(command.common(), command.all.checkpoint);
        screens = listed(command);
    });
    world.on_root([&] { prepare_output(command); });
    command.screens.resize(screens.size());
    for (std::size_t k = 0; k < screens.size(); ++k) {
        OneScreen& one = command.screens[k];
        one.name = screens[k].name;
        one.arguments = arguments_of(screens[k], line, command);
        parse_train(world, one.arguments, one.command);
    }
    return true;
}

/// Opens the screen and tells what its training costs.
train::ScreenCost look_at(const OneScreen& screen) {
    const io::ScreenFile file = io::open_screen(screen.command.screen);
    train::TrainConfig config = screen.command.config;
    train::fit_to_rows(config, file.screen);
    train::ScreenFacts facts;
    facts.cells = static_cast<Index>(file.screen.cell_condition.size());
    facts.genes = static_cast<Index>(file.screen.genes.size());
    const Index stored = file.reader->stored();
    constexpr double kShareStored = 0.1;  // where only reading it all could tell
    facts.entries = stored >= 0 ? static_cast<double>(stored)
                                : kShareStored * static_cast<double>(facts.cells) * static_cast<double>(facts.genes);
    facts.conditions = static_cast<Index>(file.screen.conditions.size());
    std::vector<bool> perturbed(static_cast<std::size_t>(file.screen.regulators()), false);
    for (const Condition& condition : file.screen.conditions) {
        for (const Index j : condition.targets) {
            perturbed[static_cast<std::size_t>(j)] = true;
        }
    }
    facts.regulators = std::count(perturbed.begin(), perturbed.end(), true);
    return train::screen_cost(facts, config);
}

/// All bad screens in one message, before anything is trained.
void refuse_bad(const ScreensCommand& command, const Screens& screens, const Log& log) {
    std::string list;
    std::size_t bad = 0;
    for (std::size_t k = 0; k < screens.names.size(); ++k) {
        if (!screens.checked[k].problem.empty()) {
            ++bad;
            list += "\n  " + screens.names[k] + ": " + screens.checked[k].problem;
            if (command.skip_bad) {
                log.warning(fmt::format("screen '{}' is left out: {}", screens.names[k], screens.checked[k].problem));
            }
        }
    }
    if (bad > 0 && (!command.skip_bad || bad == screens.names.size())) {
        throw AgreedError(fmt::format("{} of {} cannot be trained on{}:{}", bad,
                                      counted(static_cast<Index>(screens.names.size()), "screen"),
                                      command.skip_bad ? "" : " (--skip-bad leaves such screens out)", list));
    }
}

/// Groups of ranks for the good screens.
void plan(const mpi::Communicator& world, Screens& screens) {
    std::vector<Index> good;
    std::vector<train::ScreenCost> costs;
    for (std::size_t k = 0; k < screens.names.size(); ++k) {
        if (screens.checked[k].problem.empty()) {
            good.push_back(static_cast<Index>(k));
            costs.push_back(screens.checked[k].cost);
        }
    }
    screens.schedule = train::schedule_screens(costs, world.size());
    for (train::ScreenGroup& group : screens.schedule.groups) {
        for (Index& screen : group.screens) {
            screen = good[static_cast<std::size_t>(screen)];
        }
    }
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// One screen from beginning to end, by its group.
std::string train_one(const mpi::Communicator& group, const OneScreen& screen, Log& log) {
    const TrainCommand& command = screen.command;
    const RunLog run_log("train", screen.arguments);
    train::Checkpoints checkpoints =
        open_checkpoints(group, command.checkpoint, "train", command.output.options,
                         inputs_of(command.screen, "", command.config), command.output.path, log);
    if (checkpoints.finished()) {
        return text_of({{"finished_before", true}});
    }
    std::optional<io::ScreenFile> file;
    group.together([&] { file = io::open_screen(command.screen); });
    const auto summary = train::train_screen(group, std::move(*file), command.config, command.output,
                                             static_cast<Index>(kShown), checkpoints, log);
    if (!group.is_root()) {
        return "";
    }
    if (log.is_verbose()) {
        print_summary(summary, command.output, log);
    } else {
        log.info("wrote " + command.output.path);
    }
    run_log.write(command.output.path, command.inputs, command.output.options, summary.phases, log);
    return text_of(to_json(summary));
}

std::string forecast_one(const mpi::Communicator& group, const OneScreen& screen, const Log& log) {
    std::optional<io::ScreenFile> file;
    group.together([&] { file = io::open_screen(screen.command.screen); });
    const train::Forecast forecast = train::forecast_run(group, *file, screen.command.config, screen.command.output);
    print_forecast(forecast, group, log);
    return text_of(to_json(forecast));
}

Json screens_json(const ScreensCommand& command, const Screens& screens) {
    Json json = Json::array();
    for (std::size_t k = 0; k < screens.names.size(); ++k) {
        Json one = {{"name", screens.names[k]}, {"screen", command.screens[k].command.screen.path}};
        if (const std::string problem = screens.problem(k); !problem.empty()) {
            one["problem"] = problem;
        } else {
            one["output"] = command.screens[k].command.output.path;
            one["ranks"] = screens.outcomes[k].ranks;
            one["seconds"] = screens.outcomes[k].seconds;
            one["result"] = Json::parse(screens.outcomes[k].report);
        }
        json.push_back(std::move(one));
    }
    return json;
}

/// What the screens say together, where there are several that store it.
Json compare_screens(const mpi::Communicator& world, const ScreensCommand& command, const Screens& screens,
                     const Log& log) {
    std::vector<train::CrossRun> runs;
    for (std::size_t k = 0; k < screens.names.size(); ++k) {
        if (screens.problem(k).empty()) {
            runs.push_back({screens.names[k], command.screens[k].command.output.path});
        }
    }
    if (command.no_compare || runs.size() < 2 || command.screens[0].command.config.store == train::Store::none) {
        log.info(command.no_compare ? "" : "\nnothing to compare: that needs two screens whose consensus is stored");
        return {};
    }
    const CrossFiles files(command.common().output);
    const auto summary = train::compare_runs(world, runs, command.cross, files.list, files.matrices);
    if (!world.is_root()) {
        return {};
    }
    log.info("\nWhat the screens say together");
    print_comparison(summary, command.cross, log);
    log.info("\nwrote " + files.list + "\nwrote " + files.matrices);
    return to_json(summary);
}

/// All results must fit where they are to go.
void require_room(const ScreensCommand& command, const Screens& screens) {
    if (command.common().output.empty()) {
        return;
    }
    double bytes = 0.0;
    for (const train::ScreenOutcome& outcome : screens.outcomes) {
        if (outcome.done) {
            bytes += Json::parse(outcome.report).value("output_bytes", 0.0);
        }
    }
    const std::uint64_t free = io::free_bytes(command.common().output);
    if (bytes > static_cast<double>(free)) {
        throw UserError(
            fmt::format("{}: about {} are needed and there are {} free; make room, write elsewhere, or "
                        "store less (--store)",
                        command.common().output, size_text(bytes), size_text(static_cast<double>(free))));
    }
}

}  // namespace

bool is_about_screens(std::span<const std::string> args) {
    return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
        return std::any_of(kOwn.begin(), kOwn.end(), [&](const std::string& own) {
            return arg == "--" + own || arg.starts_with("--" + own + "=");
        });
    });
}

int train_on_screens(const mpi::Communicator& world, std::span<const std::string> args) {
    ScreensCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    const Log log = command.common().log(world);
    log.info(greeting(world, command.common().seed));
    Screens screens;
    for (const OneScreen& screen : command.screens) {
        screens.names.push_back(screen.name);
    }
    const auto count = static_cast<Index>(screens.names.size());
    const auto one = [&](Index k) -> const OneScreen& { return command.screens[static_cast<std::size_t>(k)]; };
    screens.checked = train::check_screens(world, count, [&](Index k) { return look_at(one(k)); });
    refuse_bad(command, screens, log);
    plan(world, screens);
    print_schedule(screens, log);
    const bool dry = command.common().dry_run;
    screens.outcomes =
        train::work_in_groups(world, screens.names, screens.schedule, command.skip_bad, log,
                              [&](const mpi::Communicator& group, Index k, Log& named) {
                                  return dry ? forecast_one(group, one(k), named) : train_one(group, one(k), named);
                              });
    Json json = {{"schedule", schedule_json(screens)}, {"expected_balance", screens.schedule.balance()}};
    json["screens"] = screens_json(command, screens);
    if (dry) {
        world.on_root([&] { require_room(command, screens); });
    } else {
        print_screens(screens, log);
        json["comparison"] = compare_screens(world, command, screens, log);
    }
    world.on_root([&] { write_json(command.common(), json); });
    return 0;
}

}  // namespace lazynet::cli
