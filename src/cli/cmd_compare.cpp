#include <fmt/format.h>

#include <filesystem>

#include "commands.hpp"
#include "cross_report.hpp"
#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/io/run_file.hpp"
#include "screen_list.hpp"

namespace lazynet::cli {
namespace {

struct CompareCommand {
    CommonOptions common;
    std::vector<std::string> inputs;
    train::CrossOptions options;
    std::vector<train::CrossRun> runs;
};

void check(CompareCommand& command) {
    if (command.inputs.size() < 2) {
        throw UserError("expected two runs or more: lazynet compare RUN1.h5ad RUN2.h5ad -o FOLDER");
    }
    require_sense(command.options);
    const std::vector<std::string> names = names_of_paths(command.inputs);
    for (std::size_t k = 0; k < names.size(); ++k) {
        command.runs.push_back({names[k], command.inputs[k]});
    }
}

/// The folder is made where its own folder is there.
void prepare_folder(const CommonOptions& common, const CrossFiles& files) {
    if (common.output.empty()) {
        throw UserError("no output named; give a folder with -o FOLDER");
    }
    std::error_code failure;
    if (!common.dry_run && !std::filesystem::is_directory(common.output, failure)) {
        std::filesystem::create_directory(common.output, failure);
        if (failure) {
            throw UserError(fmt::format("cannot make the folder {}: {}", common.output, failure.message()));
        }
    }
    if (std::filesystem::is_directory(common.output, failure)) {
        require_writable(files.list, common.overwrite);
        require_writable(files.matrices, common.overwrite);
    }
}

bool parse(const mpi::Communicator& world, std::span<const std::string> args, CompareCommand& command) {
    CommandLine line("compare", "RUN1.h5ad RUN2.h5ad ... -o FOLDER [options]",
                     "Compares finished runs edge by edge, genes matched by name, and writes to FOLDER\n"
                     "  cross_screen.tsv.gz   edges that some run is certain of: shared, opposite, private ..., "
                     "combined and per run\n"
                     "  cross_screen.h5ad     combined matrices (varp), and how runs agree (obsp)",
                     &command.common);
    add_cross_options(line, command.options);
    line.positional("input", &command.inputs, -1);
    if (!line.parse(world, args)) {
        return false;
    }
    world.together([&] { check(command); });
    world.on_root([&] { prepare_folder(command.common, CrossFiles(command.common.output)); });
    return true;
}

}  // namespace

int compare(const mpi::Communicator& world, std::span<const std::string> args) {
    CompareCommand command;
    if (!parse(world, args, command)) {
        return 0;
    }
    const Log log = command.common.log(world);
    const CrossFiles files(command.common.output);
    const bool write = !command.common.dry_run;
    const auto summary =
        train::compare_runs(world, command.runs, command.options, write ? files.list : "", write ? files.matrices : "");
    if (world.is_root()) {
        print_comparison(summary, command.options, log);
        if (write) {
            log.info("\nwrote " + files.list + "\nwrote " + files.matrices);
        }
    }
    world.on_root([&] { write_json(command.common, to_json(summary)); });
    return 0;
}

}  // namespace lazynet::cli
