#include "info_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "lazynet/core/text.hpp"
#include "run_log.hpp"
#include "run_report.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

void line(const Log& log, const std::string& name, const std::string& value) {
    log.info(fmt::format("  {:<22} {}", name, value));
}

void line(const Log& log, const char* name, const Json& info, const char* key) {
    if (info.contains(key)) {
        line(log, name, info[key].is_string() ? info[key].get<std::string>() : info[key].dump());
    }
}

/// "12 cross-validated, 3 training".
std::string counts_text(const Json& counts) {
    std::string text;
    for (const auto& [name, count] : counts.items()) {
        if (count == 0) {
            continue;
        }
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<Index>(), name);
    }
    return text;
}

std::string duration_text(double seconds) {
    return seconds < 120.0      ? fmt::format("{:.0f} s", seconds)
           : seconds < 7200.0   ? fmt::format("{:.0f} min", seconds / 60.0)
           : seconds < 172800.0 ? fmt::format("{:.0f} h", seconds / 3600.0)
                                : fmt::format("{:.0f} days", seconds / 86400.0);
}

void print_grid(const Json& info, const Log& log) {
    const Json& grid = info["grid"];
    std::string text;
    if (grid.contains("replicas")) {
        text = counted(grid["replicas"].get<Index>(), "replica");
    }
    if (grid.contains("gene_blocks")) {
        text += fmt::format(" x {}", counted(grid["gene_blocks"].get<Index>(), "gene block"));
    }
    line(log, "grid",
         fmt::format("{}{} rows x {}", text.empty() ? "" : text + "; ", grid.value("rows", Index{0}),
                     counted(grid.value("genes", Index{0}), "gene")));
    for (const char* name : {"split", "context", "ground", "trust", "kind"}) {
        if (grid.contains(name)) {
            line(log, fmt::format("  rows by {}", name), counts_text(grid[name]));
        }
    }
}

void print_provenance(const Json& info, const Log& log) {
    line(log, "made by",
         fmt::format("lazynet {} (git {}), format {}", info["version"].get<std::string>(),
                     info["git_hash"].get<std::string>(), info.value("format_version", 0)));
    if (info.contains("screen")) {
        line(log, "screen",
             fmt::format("{}, fingerprint {}", info["screen"].get<std::string>(),
                         info.value("screen_fingerprint", "not known")));
    }
    if (info.contains("split")) {
        const Json& split = info["split"];
        line(log, "split",
             fmt::format("fold '{}' of {} ({}) was kept from training", split.value("fold", ""),
                         split.value("hash", ""), split.value("kind", "")));
    }
    print_grid(info, log);
    line(log, "holds", info, "holds");
    line(log, "effects", info, "consensus_holds");
    line(log, "sd", info, "sd_holds");
    line(log, "seed", info, "seed");
    line(log, "penalty, share", info, "l2_share");
}

void print_options(const Json& info, const Log& log) {
    const Json& options = log.is_verbose() ? info["options"] : info["changed_options"];
    log.info(log.is_verbose() ? "\nAll options" : "\nOptions that are not at their defaults (--verbose: all)");
    for (const auto& [name, value] : options.items()) {
        for (const auto& one : value.is_array() ? value : Json::array({value})) {
            line(log, name, one.is_string() ? one.get<std::string>() : one.dump());
        }
    }
    if (options.empty()) {
        log.info("  none");
    }
}

void print_rounds(const Json& rounds, const Log& log) {
    if (!rounds.empty()) {
        log.info("\nPruning");
    }
    for (const Json& r : rounds) {
        const auto weights = r["weights"].get<double>();
        log.info(fmt::format("  {:<34}{} of {} weights left, {:.2f} % gone, {} after epochs {} to {}",
                             r["layer"] == "outer" ? "hidden units to targets" : "regulators to hidden units",
                             r["remaining"].get<std::int64_t>(), r["weights"].get<std::int64_t>(),
                             100.0 * (1.0 - r["remaining"].get<double>() / weights),
                             counted(r["rounds"].get<Index>(), "round"), r["first_epoch"].get<Index>(),
                             r["last_epoch"].get<Index>()));
    }
}

void print_score(const char* title, const Json& score, const Log& log) {
    if (score["conditions"] == 0) {
        return;
    }
    log.info(fmt::format("\n{} ({}, mean over them)", title, counted(score["conditions"].get<Index>(), "condition")));
    log.info(fmt::format("  {:<34}{:>12}{:>12}", "", "MSE", "/ no change"));
    const auto row = [&](const char* name, const char* key) {
        const auto error = score[key].get<double>();
        if (std::isnan(error)) {
            log.info(fmt::format("  {:<34}{:>12}", name, "not known"));
            return;
        }
        log.info(fmt::format("  {:<34}{:>12.3e}{:>12.3f}", name, error, error / score["no_change"].get<double>()));
    };
    row("lazynet", "model");
    row("baseline: no change", "no_change");
    row("baseline: mean of perturbations", "mean");
    row("noise ceiling (a perfect model)", "noise_ceiling");
}

void print_tables(const Json& info, const Log& log) {
    if (!info["prior"].empty()) {
        log.info(fmt::format("\nPrior of responses\n  {:<34}{:>12}{:>12}", "", "strength", "dimensions"));
    }
    for (const Json& row : info["prior"]) {
        log.info(fmt::format("  {:<34}{:>12.4g}{:>12}", row.value("name", ""), row.value("strength", 0.0),
                             row.value("dimensions", 0.0)));
    }
    if (!info["calibration"].empty()) {
        log.info(
            fmt::format("\nCalibration of the sd: variance = ensemble * sd^2 + residual * residual_sd^2\n"
                        "  {:<34}{:>12}{:>12}",
                        "a prediction leans on", "ensemble", "residual"));
    }
    for (const Json& row : info["calibration"]) {
        log.info(fmt::format("  {:<34}{:>12.4g}{:>12.4g}", row.value("ground", ""), row.value("ensemble", 0.0),
                             row.value("residual", 0.0)));
    }
}

/// The timings as they were before they went into the log.
std::vector<train::Timings::Phase> phases_in(const Json& log) {
    std::vector<std::string> hosts(log.value("ranks", std::size_t{0}));
    for (const Json& host : log["hosts"]) {
        for (const Json& rank : host["ranks"]) {
            hosts.at(rank.get<std::size_t>()) = host["host"];
        }
    }
    std::vector<train::Timings::Phase> phases;
    for (const Json& t : log["timings"]) {
        train::Timings::Phase phase{t["phase"], t["seconds"], t["peak_bytes"], {}, t["mpi_bytes_all"], {}};
        phase.mpi = {t["mpi_calls"], t["mpi_bytes"], t["mpi_seconds"]};
        const Json& by = t["by_rank"];
        for (std::size_t r = 0; r < hosts.size(); ++r) {
            phase.ranks.push_back({hosts[r],
                                   by["seconds"].at(r),
                                   by["peak_bytes"].at(r),
                                   {by["mpi_calls"].at(r), by["mpi_bytes"].at(r), by["mpi_seconds"].at(r)}});
        }
        phases.push_back(std::move(phase));
    }
    return phases;
}

void print_log(const Json& info, const Log& log) {
    if (info["log"].is_null()) {
        log.info("\nHow long it took is not known: " + info["log_problem"].get<std::string>());
        return;
    }
    const Json& made = info["log"];
    log.info(fmt::format("\nMade {} to {} ({}) by {} on {}", made.value("started", ""), made.value("ended", ""),
                         duration_text(made.value("seconds", 0.0)), counted(made.value("ranks", Index{0}), "rank"),
                         counted(static_cast<Index>(made["hosts"].size()), "host")));
    line(log, "command", made, "command");
    line(log, "in", made, "working_directory");
    for (const Json& input : made["inputs"]) {
        line(log, input.value("given_as", ""),
             fmt::format("{} ({})", input.value("absolute", ""), size_text(input.value("bytes", 0.0))));
    }
    for (const auto& [name, value] : made["slurm"].items()) {
        line(log, name, value.get<std::string>());
    }
    print_phases(phases_in(made), log);
}

void print_recipe(const Json& info, const Log& log) {
    if (!info.contains("reproduce")) {
        return;
    }
    const Json& recipe = info["reproduce"];
    log.info("\nTo make it again, the same bytes on any number of ranks");
    const std::string folder = recipe["folder"];
    if (!folder.empty()) {
        log.info("  cd " + shell_line(std::vector<std::string>{folder}));
    }
    log.info("  " + recipe["command"].get<std::string>());
    for (const Json& note : recipe["notes"]) {
        log.info("  (" + note.get<std::string>() + ")");
    }
}

void print_checkpoint(const Json& info, const Log& log) {
    log.info(fmt::format("{}: checkpoint, step {}, {} old, {} of saved work", info["folder"].get<std::string>(),
                         info["step"].get<std::int64_t>(), duration_text(info["age_seconds"]),
                         size_text(info["bytes"].get<double>())));
    for (const Json& step : info["other_steps"]) {
        line(log, "another step", step.dump());
    }
    for (const Json& problem : info["problems"]) {
        line(log, "not usable", problem.get<std::string>());
    }
    log.info("\nMade with");
    for (const auto& [name, value] : info["identity"].items()) {
        line(log, name, value.get<std::string>());
    }
    log.info("\nFinished work");
    for (const auto& [name, sums] : info["records"].items()) {
        line(log, name,
             fmt::format("{:>8} records, {}", sums["records"].get<std::int64_t>(),
                         size_text(sums["bytes"].get<double>())));
    }
}

void print_results(const Json& info, const Log& log) {
    log.info(fmt::format("{}: {}, by `lazynet {}`, {}", info["file"].get<std::string>(), info["is"].get<std::string>(),
                         info["command"].get<std::string>(), size_text(info["bytes"].get<double>())));
    print_provenance(info, log);
    print_options(info, log);
    print_rounds(info["rounds"], log);
    if (info["scores"].contains("held_out")) {
        print_score("Held-out perturbations", info["scores"]["held_out"], log);
        print_score("Trained perturbations (fit, not a forecast)", info["scores"]["fitted"], log);
    }
    print_tables(info, log);
    print_log(info, log);
    print_recipe(info, log);
}

}  // namespace

void print_info(const Json& info, const Log& log) {
    if (info["is"] == "checkpoint") {
        print_checkpoint(info, log);
    } else {
        print_results(info, log);
    }
}

}  // namespace lazynet::cli
