#include "train_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazynet/core/text.hpp"
#include "run_report.hpp"

namespace lazynet::cli {
namespace {

void print_scores(const train::ScreenScore& s, const Log& log) {
    const auto line = [&](const char* name, double error, double none) {
        if (std::isnan(error)) {
            log.info(fmt::format("  {:<34}{:>12}", name, "not known"));
            return;
        }
        log.info(fmt::format("  {:<34}{:>12.3e}{:>12.3f}", name, error, error / none));
    };
    if (s.pairs > 0) {
        log.info(fmt::format("\nHeld-out perturbations ({} conditions, each predicted as if it had never been seen)",
                             s.pairs));
        log.info(fmt::format("  {:<34}{:>12}{:>12}", "", "MSE", "/ no change"));
        line("lazynet", s.held_out, s.no_change);
        line("baseline: no change", s.no_change, s.no_change);
        line("baseline: mean of perturbations", s.mean, s.no_change);
        line("noise ceiling (a perfect model)", s.noise, s.no_change);
    }
    log.info("\nTrained perturbations (fit, not a forecast)");
    line("lazynet", s.fitted, s.fitted_no_change);
    line("baseline: no change", s.fitted_no_change, s.fitted_no_change);
    line("noise ceiling (a perfect model)", s.fitted_noise, s.fitted_no_change);
}

void print_edges(const train::TrainSummary& summary, const Log& log) {
    log.info("\nMost certain edges (elasticity: change of log target per change of log regulator; total effects)");
    log.info(fmt::format("  {:<16}{:<16}{:>10}{:>10}{:>12}{:>10}", "regulator", "target", "mean", "sd", "|mean|/sd",
                         "sign"));
    for (const io::Edge& e : shown(summary.edges)) {
        log.info(fmt::format("  {:<16}{:<16}{:>10.3f}{:>10.3f}{:>12.1f}{:>10.2f}",
                             summary.screen.regulator(e.regulator), summary.screen.regulator(e.target), e.mean, e.sd,
                             io::certainty(e), e.sign_agreement));
    }
}

/// How sparse each layer became, all replicas together.
void print_rounds(const std::vector<train::RoundRecord>& rounds, const Log& log) {
    if (rounds.empty()) {
        return;
    }
    log.info("\nPruning");
    for (const bool outer : {false, true}) {
        std::int64_t total = 0;
        std::int64_t remaining = 0;
        for (const train::RoundRecord& r : rounds) {
            if (r.outer == outer && r.epoch == rounds.back().epoch) {
                total += r.total;
                remaining += r.remaining;
            }
        }
        log.info(fmt::format(
            "  {:<34}{:>12} of {} weights left, {:.2f} % gone, last round after epoch {}",
            outer ? "hidden units to targets" : "regulators to hidden units", remaining, total,
            100.0 * (1.0 - static_cast<double>(remaining) / static_cast<double>(std::max<std::int64_t>(total, 1))),
            rounds.back().epoch));
    }
}

}  // namespace

nlohmann::ordered_json to_json(const train::TrainSummary& summary) {
    nlohmann::ordered_json json;
    json["conditions"] = summary.conditions;
    json["genes"] = summary.screen.genes.size();
    json["shards"] = summary.shards;
    json["l2_share"] = summary.l2_share;
    json["mean_shift"] = summary.shifts.mean;
    const train::ScreenScore& s = summary.score;
    json["held_out"] = {{"conditions", s.pairs},
                        {"model", s.held_out},
                        {"no_change", s.no_change},
                        {"mean", s.mean},
                        {"noise_ceiling", s.noise}};
    json["fitted"] = {{"model", s.fitted}, {"no_change", s.fitted_no_change}, {"noise_ceiling", s.fitted_noise}};
    for (const train::PenaltyTrial& trial : summary.trials) {
        json["penalty_search"].push_back({{"l2", trial.share}, {"validation_error", trial.criterion}});
    }
    for (const train::LambdaTrial& trial : summary.lambda_trials) {
        json["lambda_search"].push_back(
            {{"inner", trial.lambda.inner}, {"outer", trial.lambda.outer}, {"validation_error", trial.criterion}});
    }
    for (const train::RoundRecord& r : summary.rounds) {
        json["rounds"].push_back({{"epoch", r.epoch},
                                  {"replica", r.replica},
                                  {"layer", r.outer ? "outer" : "inner"},
                                  {"weights", r.total},
                                  {"removed", r.removed},
                                  {"remaining", r.remaining}});
    }
    for (const io::Edge& e : shown(summary.edges)) {
        json["edges"].push_back(
            edge_json(e, summary.screen.regulator(e.regulator), summary.screen.regulator(e.target)));
    }
    add_timings(summary.phases, json);
    json["parameter_bytes"] = summary.parameter_bytes;
    return json;
}

void print_summary(const train::TrainSummary& summary, const train::RunOutput& output, const Log& log) {
    print_rounds(summary.rounds, log);
    print_scores(summary.score, log);
    print_edges(summary, log);
    log.info("");
    print_phases(summary.phases, log);
    double total = 0.0;
    for (const auto& phase : summary.phases) {
        total += phase.seconds;
    }
    log.info(fmt::format("  {:<24}{:>8.1f} s   parameters per rank  {:>10}", "all", total,
                         size_text(summary.parameter_bytes)));
    log.info("wrote " + output.path);
    if (!output.edges.empty()) {
        log.info("wrote " + output.edges);
    }
}

}  // namespace lazynet::cli
