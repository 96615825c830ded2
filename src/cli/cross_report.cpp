#include "cross_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "lazynet/core/error.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownEdges = 10;
constexpr std::size_t kShownScreens = 12;

std::string kind_of(const train::CrossEdge& edge) {
    return train::kCrossKinds[static_cast<std::size_t>(edge.effect.kind)];
}

void print_kinds(const train::CrossSummary& s, const train::CrossOptions& options, const Log& log) {
    log.info(fmt::format("\nEdges certain in some screen (|mean| / sd at least {}, {} of the signs alike)",
                         options.certainty, options.sign_agreement));
    constexpr std::array<const char*, 6> kMeaning = {"",
                                                     "certain in two or more, the same sign",
                                                     "certain in two or more, different signs",
                                                     "certain in one, and different from what the others say",
                                                     "certain in one, the others neither agree nor differ",
                                                     "certain in one, no other screen can tell"};
    for (std::size_t k = 1; k < s.kinds.size(); ++k) {
        log.info(fmt::format("  {:<12}{:>12}   {}", train::kCrossKinds[k], s.kinds[k], kMeaning[k]));
    }
}

void print_pairs(const train::CrossSummary& s, const Log& log) {
    const std::size_t n = std::min(s.names.size(), kShownScreens);
    log.info(
        "\nPairs of screens: edges certain in both, and the correlation of all means that both hold. Baseline: every "
        "regulator\ncompared with another one of the other screen, so what targets have in common remains");
    log.info(fmt::format("  {:<20}{:<20}{:>14}{:>10}{:>10}{:>13}{:>10}", "", "", "pairs in both", "same sign",
                         "opposite", "correlation", "baseline"));
    for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = a + 1; b < n; ++b) {
            const std::size_t at = a * s.names.size() + b;
            log.info(fmt::format("  {:<20}{:<20}{:>14}{:>10}{:>10}{:>13.3f}{:>10.3f}", s.names[a], s.names[b],
                                 s.joint[at], s.shared[at], s.opposite[at], s.correlation[at], s.baseline[at]));
        }
    }
    if (n < s.names.size()) {
        log.info(fmt::format("  ... of the first {} screens; the others are in the file", n));
    }
}

void print_edges(const train::CrossSummary& s, const Log& log) {
    const std::size_t n = std::min(s.edges.size(), kShownEdges);
    if (n == 0) {
        return;
    }
    log.info("\nEdges with most evidence");
    log.info(fmt::format("  {:<16}{:<16}{:<12}{:>10}{:>10}{:>10}{:>8}", "regulator", "target", "class", "mean", "sd",
                         "evidence", "I2"));
    for (std::size_t k = 0; k < n; ++k) {
        const train::CrossEdge& e = s.edges[k];
        log.info(fmt::format("  {:<16}{:<16}{:<12}{:>10.3f}{:>10.3f}{:>10.1f}{:>8.2f}",
                             s.axis[static_cast<std::size_t>(e.regulator)], s.axis[static_cast<std::size_t>(e.target)],
                             kind_of(e), e.effect.mean, e.effect.sd, e.effect.evidence, e.effect.i2));
    }
}

/// Not-a-number is nothing in JSON.
Json number(double value) {
    return std::isnan(value) ? Json() : Json(value);
}

}  // namespace

void add_cross_options(CommandLine& line, train::CrossOptions& options) {
    auto add = line.group("Comparison of screens").add_options();
    add("cross-certainty", bind(options.certainty), "least |mean| / sd of an edge that a screen is certain of");
    add("cross-sign", bind(options.sign_agreement), "least share of the replicas' signs that agree on it");
    add("edges-top", bind(options.edges_top), "list at most this many edges, those with most evidence; 0: all");
    add("cross-top", bind(options.kept), "regulators per target in the matrices");
}

void require_sense(const train::CrossOptions& options) {
    if (!(options.certainty > 0.0) || !(options.sign_agreement >= 0.0) || options.sign_agreement > 1.0) {
        throw UserError("--cross-certainty must be greater than 0, --cross-sign between 0 and 1");
    }
    if (options.edges_top < 0 || options.kept < 1) {
        throw UserError("--edges-top must not be negative, --cross-top must be at least 1");
    }
}

CrossFiles::CrossFiles(const std::string& folder)
    : list((std::filesystem::path(folder) / "cross_screen.tsv.gz").string()),
      matrices((std::filesystem::path(folder) / "cross_screen.h5ad").string()) {}

Json to_json(const train::CrossSummary& s) {
    Json json = {{"genes", s.genes},
                 {"genes_in_all", s.genes_in_all},
                 {"regulators", s.regulators},
                 {"regulators_in_all", s.regulators_in_all},
                 {"edges_listed", s.listed}};
    for (std::size_t k = 0; k < s.kinds.size(); ++k) {
        json["pairs"][train::kCrossKinds[k]] = s.kinds[k];
    }
    for (std::size_t k = 0; k < s.names.size(); ++k) {
        json["by_screen"].push_back(
            {{"name", s.names[k]}, {"certain", s.certain[k]}, {"private", s.own[k]}, {"untestable", s.untestable[k]}});
    }
    for (std::size_t a = 0; a < s.names.size(); ++a) {
        for (std::size_t b = a + 1; b < s.names.size(); ++b) {
            const std::size_t at = a * s.names.size() + b;
            json["by_pair"].push_back({{"screens", {s.names[a], s.names[b]}},
                                       {"joint", s.joint[at]},
                                       {"shared", s.shared[at]},
                                       {"opposite", s.opposite[at]},
                                       {"correlation", number(s.correlation[at])},
                                       {"baseline", number(s.baseline[at])}});
        }
    }
    return json;
}

void print_comparison(const train::CrossSummary& summary, const train::CrossOptions& options, const Log& log) {
    log.info(fmt::format(
        "{} screens, {} genes measured in any and {} in all, {} regulators estimated in any and {} in "
        "all",
        summary.names.size(), summary.genes, summary.genes_in_all, summary.regulators, summary.regulators_in_all));
    print_kinds(summary, options, log);
    for (std::size_t k = 0; k < std::min(summary.names.size(), kShownScreens); ++k) {
        log.info(fmt::format("  {:<20}{:>10} certain, {} private, {} that no other screen can tell", summary.names[k],
                             summary.certain[k], summary.own[k], summary.untestable[k]));
    }
    print_pairs(summary, log);
    print_edges(summary, log);
}

}  // namespace lazynet::cli
