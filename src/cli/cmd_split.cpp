#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/output_file.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/io/split_file.hpp"
#include "options.hpp"
#include "screen_options.hpp"

namespace lazynet::cli {
namespace {

struct SplitCommand {
    CommonOptions common;
    ScreenOptions screen;
    SplitOptions split;
    std::string seeds = "1,2,3,4,5";
    std::string labels;
    std::string show;
    std::string rows;
    std::vector<std::string> inputs;
};

std::vector<std::uint64_t> read_seeds(const std::string& text) {
    std::vector<std::uint64_t> seeds;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::uint64_t seed = 0;
        const auto [at, error] = std::from_chars(text.data() + begin, text.data() + end, seed);
        if (error != std::errc{} || at != text.data() + end) {
            throw UserError(fmt::format("--seeds {}: expected numbers, such as 1,2,3", text));
        }
        seeds.push_back(seed);
        begin = end + 1;
    }
    return seeds;
}

std::map<std::string, Index> strata_of(const Fold& fold) {
    std::map<std::string, Index> strata;
    for (const HeldOut& c : fold.test) {
        ++strata[c.stratum];
    }
    return strata;
}

/// What each fold holds, one line each. @param conditions of the screen, controls left out; -1: not known
void print_folds(const Split& split, Index conditions, const Log& log) {
    std::map<std::string, Index> columns;
    for (const Fold& fold : split.folds) {
        columns.merge(strata_of(fold));
    }
    std::string head = fmt::format("{:<16}{:>10}{:>10}", "fold", "trained", "tested");
    for (const auto& [stratum, any] : columns) {
        head += fmt::format("{:>10}", stratum);
    }
    log.info(fmt::format("split '{}' of {}, hash {}: conditions, tested ones by what training knows of them",
                         split.kind, split.screen, split.hash()));
    log.info(head + fmt::format("{:>10}", "excluded"));
    for (const Fold& fold : split.folds) {
        const auto out = static_cast<Index>(fold.test.size() + fold.excluded.size());
        const Index trained = split.kind == "cells" ? conditions : conditions - out;
        std::string text = fmt::format("{:<16}{:>10}{:>10}", fold.name,
                                       conditions < 0 ? "" : fmt::format("{}", trained), fold.test.size());
        const auto strata = strata_of(fold);
        for (const auto& [stratum, any] : columns) {
            const auto at = strata.find(stratum);
            text += fmt::format("{:>10}", at == strata.end() ? 0 : at->second);
        }
        log.info(text + fmt::format("{:>10}", fold.excluded.size()));
    }
    if (split.kind == "cells") {
        const auto& test = split.folds.front().test;
        const Index cells = std::accumulate(test.begin(), test.end(), Index{0},
                                            [](Index sum, const HeldOut& c) { return sum + c.cells; });
        log.info(fmt::format("{} held out, and {:g} of every context's controls", counted(cells, "perturbed cell"),
                             split.share));
    }
}

nlohmann::ordered_json to_json(const Split& split) {
    nlohmann::ordered_json json = {{"kind", split.kind},
                                   {"screen", split.screen},
                                   {"seed", split.seed},
                                   {"share", split.share},
                                   {"hash", split.hash()}};
    for (const Fold& fold : split.folds) {
        json["folds"].push_back({{"name", fold.name},
                                 {"tested", fold.test.size()},
                                 {"excluded", fold.excluded.size()},
                                 {"strata", strata_of(fold)}});
    }
    return json;
}

bool parse(const mpi::Communicator& world, std::span<const std::string> args, SplitCommand& command) {
    CommandLine line("split", "SCREEN --kind KIND -o SPLIT.json [options]   or   --show SPLIT.json",
                     "Divides the conditions (or cells) of a screen into what is trained and what is tested on, and "
                     "saves that as JSON for train, predict and evaluate.\n"
                     "kfold: single perturbations, by fifths; combinations: unseen genes and combinations; doubles: "
                     "all singles and some combinations are trained on; contexts: each is left out in turn; cells: a "
                     "share of the cells of every condition; custom: your own labels.",
                     &command.common);
    auto add = line.group("Split").add_options();
    add("kind", bind(command.split.kind), "kfold, combinations, doubles, contexts, cells or custom");
    add("folds", bind(command.split.folds), "kfold: parts of the single perturbations");
    add("combinations", bind(command.split.combinations),
        "kfold: hold those with a held-out gene (and train on the others), or exclude all");
    add("share", bind(command.split.share), "cells: share of every condition's cells that is held out");
    add("train-genes", bind(command.split.train_genes), "combinations: share of the genes that is trained on");
    add("train-combinations", bind(command.split.train_combinations),
        "combinations: of combinations of these genes, the share trained on");
    add("doubles-share", bind(command.split.doubles_share), "doubles: share of the combinations that is trained on");
    add("seeds", bind(command.seeds), "combinations, doubles: a fold for each seed");
    add("labels", po::value(&command.labels), "custom: file of labels to hold out, one per line (A+B, context|A)");
    add("rows-out", po::value(&command.rows),
        "also write the held-out rows of the screen (TSV: fold, row from 0, context, perturbation), for other tools");
    add("show", po::value(&command.show), "say what is in this split; with a SCREEN: and whether it fits it");
    add_screen_options(line.group("Screen"), command.screen);
    line.positional("input", &command.inputs, 1);
    if (!line.parse(world, args)) {
        return false;
    }
    world.on_root([&] {
        if (command.inputs.empty() && command.show.empty()) {
            throw UserError("expected one screen: lazynet split SCREEN --kind KIND -o SPLIT.json");
        }
        if (command.show.empty() && !command.common.dry_run) {
            require_writable(command.common.output, command.common.overwrite);
        }
        if (!command.rows.empty()) {
            require_writable(command.rows, command.common.overwrite);
        }
        if ((command.split.kind == "custom") != !command.labels.empty() && command.show.empty()) {
            throw UserError("--kind custom and --labels FILE go together");
        }
        command.screen.path = command.inputs.empty() ? "" : command.inputs[0];
        command.split.seed = command.common.seed;
        command.split.seeds = read_seeds(command.seeds);
    });
    return true;
}

Index perturbed_conditions(const Screen& screen) {
    return std::count_if(screen.conditions.begin(), screen.conditions.end(),
                         [](const Condition& c) { return !c.is_control(); });
}

/// Rows of the file that are tested on, fold by fold; controls only where they are divided too.
void write_rows(const Split& split, const Screen& screen, const std::string& path) {
    io::OutputFile file(path);
    file.write("fold\trow\tcontext\tperturbation\n");
    for (const Fold& fold : split.folds) {
        Screen part = screen;
        keep_test_part(split, fold, part);
        for (std::size_t row = 0; row < part.cell_condition.size(); ++row) {
            const std::int32_t c = part.cell_condition[row];
            if (c < 0 || (part.conditions[static_cast<std::size_t>(c)].is_control() && split.kind != "cells")) {
                continue;
            }
            const Condition& condition = part.conditions[static_cast<std::size_t>(c)];
            file.write(fmt::format("{}\t{}\t{}\t{}\n", fold.name, row,
                                   part.contexts[static_cast<std::size_t>(condition.context)], condition.perturbation));
        }
    }
    file.commit();
}

void show(const SplitCommand& command, const Log& log) {
    if (command.screen.path.empty()) {
        const Split split = io::read_split(command.show);
        print_folds(split, -1, log);
        write_json(command.common, to_json(split));
        return;
    }
    const Screen screen = io::open_screen(command.screen).screen;
    const Split split = io::read_split(command.show, screen);
    print_folds(split, perturbed_conditions(screen), log);
    for (const Fold& fold : split.folds) {
        Screen part = screen;
        keep_training_part(split, fold, part);
    }
    log.info("it fits " + command.screen.path);
    write_json(command.common, to_json(split));
}

void divide(const SplitCommand& command, const Log& log) {
    const Screen screen = io::open_screen(command.screen).screen;
    const Split split =
        command.labels.empty() ? make_split(screen, command.split) : io::read_split(command.labels, screen);
    print_folds(split, perturbed_conditions(screen), log);
    write_json(command.common, to_json(split));
    if (!command.common.dry_run) {
        io::write_split(split, command.common.output);
        log.info("wrote " + command.common.output);
        if (!command.rows.empty()) {
            write_rows(split, screen, command.rows);
            log.info("wrote " + command.rows);
        }
    }
}

}  // namespace

int split(const mpi::Communicator& world, std::span<const std::string> args) {
    SplitCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    const Log log = command.common.log(world);
    world.on_root([&] { (command.show.empty() ? divide : show)(command, log); });
    return 0;
}

}  // namespace lazynet::cli
