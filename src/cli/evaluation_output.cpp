#include "evaluation_output.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "evaluation_report.hpp"
#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/io/output_file.hpp"

namespace lazynet::cli {
namespace {

void write_text(const std::string& path, const std::string& text) {
    if (!path.empty()) {
        io::OutputFile file(path);
        file.write(text);
        file.commit();
    }
}

}  // namespace

void add_output_options(po::options_description& group, EvaluationOutput& output) {
    auto add = group.add_options();
    add("all", po::bool_switch(&output.all), "print every measure");
    add("bootstrap-rounds", bind(output.bootstrap.rounds),
        "rounds of the bootstrap over conditions that makes intervals");
    add("csv", po::value(&output.csv), "write every measure of every condition and method to this file");
    add("summary", po::value(&output.summary), "write means and intervals, all groups, to this file");
}

void name_outputs(CommonOptions& common, EvaluationOutput& output) {
    if (output.bootstrap.rounds < 1) {
        throw UserError(fmt::format("--bootstrap-rounds {}: expected at least 1", output.bootstrap.rounds));
    }
    output.bootstrap.seed = common.seed;
    if (!common.output.empty() && !common.dry_run) {
        const std::filesystem::path folder(common.output);
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        if (error) {
            throw UserError(fmt::format("-o {}: cannot make this folder: {}", folder.string(), error.message()));
        }
        const auto default_to = [&](std::string& path, const char* name) {
            path = path.empty() ? (folder / name).string() : path;
        };
        default_to(output.csv, "per_perturbation.csv");
        default_to(output.summary, "summary.csv");
        default_to(common.json, "evaluation.json");
        require_writable(common.json, common.overwrite);
    }
    for (const std::string& path : {output.csv, output.summary}) {
        if (!path.empty()) {
            require_writable(path, common.overwrite);
        }
    }
}

void report_evaluation(const mpi::Communicator& world, const scoring::Evaluation& evaluation,
                       const CommonOptions& common, const EvaluationOutput& output, const Log& log) {
    world.on_root([&] {
        const scoring::Scoreboard board = scoring::make_scoreboard(evaluation, output.bootstrap);
        log.info(evaluation_text(evaluation, board, output.all));
        if (!common.dry_run) {
            write_text(output.csv, evaluation_csv(evaluation));
            write_text(output.summary, summary_csv(evaluation, board));
            write_json(common, evaluation_json(evaluation, board));
        }
    });
}

}  // namespace lazynet::cli
