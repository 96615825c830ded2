#include "predict_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lazynet/core/text.hpp"

namespace lazynet::cli {
namespace {

using predict::Asked;
using predict::Ground;
using predict::Interaction;
using predict::Outcome;
using predict::PerturbedGene;
using predict::RunModels;

constexpr std::size_t kShown = 5;
constexpr std::size_t kInteractionsShown = 10;

std::string first_names(const std::vector<std::string>& names) {
    const std::size_t n = std::min(kShown, names.size());
    return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(n), ", "),
                       names.size() > n ? " ..." : "");
}

/// Genes of the task that the run knows by name and nothing else.
std::vector<std::string> unknown_genes(const PredictTask& task) {
    std::set<std::string> names;
    const auto look = [&](const PerturbedGene& gene) {
        if (gene.is_named && !gene.is_known()) {
            names.insert(gene.name);
        }
    };
    for (const Asked& a : task.asked) {
        std::for_each(a.perturbation.genes.begin(), a.perturbation.genes.end(), look);
    }
    std::for_each(task.genes.begin(), task.genes.end(), look);
    return {names.begin(), names.end()};
}

double z_of(const predict::GeneChange& g) {
    return g.sd > 0.0 ? g.change / g.sd : std::nan("");
}

std::string number(double x) {
    return std::isnan(x) ? "" : fmt::format("{:.6g}", x);
}

nlohmann::ordered_json number_or_null(double x) {
    return std::isnan(x) ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(x);
}

/// Sums over the perturbations of one ground.
struct GroundSummary {
    Index count = 0;
    double change = 0.0, sd = 0.0;
    Index trusted[std::size(predict::kTrusts)] = {};
};

GroundSummary summarise(Ground ground, const PredictTask& task, const std::vector<Outcome>& outcomes) {
    GroundSummary s;
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
        if (task.asked[k].perturbation.ground == ground) {
            ++s.count;
            s.change += outcomes[k].mean_change;
            s.sd += outcomes[k].mean_sd;
            ++s.trusted[static_cast<std::size_t>(outcomes[k].trust)];
        }
    }
    s.change /= static_cast<double>(std::max<Index>(s.count, 1));
    s.sd /= static_cast<double>(std::max<Index>(s.count, 1));
    return s;
}

std::string_view ground_of(const RunModels& models, const PredictTask& task, const Interaction& x) {
    const std::string& a = task.genes[static_cast<std::size_t>(x.first)].name;
    const std::string& b = task.genes[static_cast<std::size_t>(x.second)].name;
    return name_of(models.resolve(predict::Request{{a, b}}).ground);
}

}  // namespace

void warn_about(const Log& log, const RunModels& models, const PredictTask& task) {
    const predict::RequestList& list = task.list;
    if (!list.strange.empty()) {
        const std::string hint = hint_about(models, list.strange.front());
        log.warning(
            fmt::format("{} that the run does not know (not measured, not perturbed{}), predicted as the mean "
                        "perturbation: {}{}{}",
                        counted(static_cast<Index>(list.strange.size()), "name"),
                        models.facts().embedding.names.empty() ? "" : ", not in its embedding",
                        first_names(list.strange), hint.empty() ? "" : "; ", hint));
    }
    const auto unknown = unknown_genes(task);
    if (!unknown.empty()) {
        log.warning(fmt::format(
            "nothing is known of {} ({}): never trained on{}; it acts like the mean perturbation",
            counted(static_cast<Index>(unknown.size()), "gene"), first_names(unknown),
            models.facts().embedding.names.empty() ? ", and the run has no embedding" : ", not in the embedding"));
    }
    const io::ModelFacts& facts = models.facts();
    const bool same_split =
        facts.split_hash == task.split_hash || (task.split_hash.empty() && !facts.split_hash.empty());
    if (!task.fold.empty() && !(same_split && facts.split_fold == task.fold)) {
        log.warning(
            fmt::format("the run was not trained without fold '{}' of this split (train --split --fold): its "
                        "predictions of the fold are not held-out ones",
                        task.fold));
    }
    if (task.left_out > 0) {
        log.warning(
            fmt::format("{} of the fold in contexts that the run does not have", counted(task.left_out, "condition")));
    }
    if (!list.missing.empty()) {
        log.warning(fmt::format("{} that name no perturbation are passed over: {}",
                                counted(static_cast<Index>(list.missing.size()), "label"), first_names(list.missing)));
    }
    if (list.repeated > 0 || list.controls > 0) {
        log.info(fmt::format("{} asked for twice, {} of controls, whose means are written anyway",
                             counted(list.repeated, "perturbation"), counted(list.controls, "label")));
    }
}

void print_task(const Log& log, const RunModels& models, const PredictTask& task) {
    const io::ModelFacts& facts = models.facts();
    log.info(fmt::format("{}: {} x {} of models, {}, {}; {}", facts.path, counted(models.replicas(), "replica"),
                         counted(static_cast<Index>(models.blocks().size()), "block"),
                         counted(static_cast<Index>(models.genes().size()), "gene"),
                         counted(static_cast<Index>(facts.contexts.size()), "context"),
                         models.is_calibrated() ? "sds are calibrated on its validation"
                                                : "sds are those of the ensemble, not calibrated"));
    if (task.pairs) {
        log.info(fmt::format("{} of {}", counted(task.pairs->size(), "pair"),
                             counted(static_cast<Index>(task.genes.size()), "gene")));
    }
}

void print_outcomes(const Log& log, const PredictTask& task, const std::vector<Outcome>& outcomes) {
    log.info(fmt::format("\n{:<12} {:>13} {:>13} {:>10} {:>7} {:>7} {:>7}", "ground", "perturbations", "mean |change|",
                         "mean sd", "high", "fair", "low"));
    for (const Ground ground : predict::kGrounds) {
        const GroundSummary s = summarise(ground, task, outcomes);
        if (s.count > 0) {
            log.info(fmt::format("{:<12} {:>13} {:>13.4f} {:>10.4f} {:>7} {:>7} {:>7}", name_of(ground), s.count,
                                 s.change, s.sd, s.trusted[0], s.trusted[1], s.trusted[2]));
        }
    }
}

std::string changes_tsv(const RunModels& models, const PredictTask& task, const std::vector<Outcome>& outcomes) {
    std::string text = "perturbation\tgene\tchange\tsd\tz\n";
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
        for (const predict::GeneChange& g : outcomes[k].strongest) {
            text += fmt::format("{}\t{}\t{}\t{}\t{}\n", task.asked[k].perturbation.label,
                                models.genes()[static_cast<std::size_t>(g.gene)], number(g.change), number(g.sd),
                                number(z_of(g)));
        }
    }
    return text;
}

std::string interactions_tsv(const RunModels& models, const PredictTask& task, const std::vector<Interaction>& found) {
    std::string text =
        "first\tsecond\tclass\tnorm\tsd\tz\tdouble_norm\tadditive_norm\tdirection\tc1\tc2\tmagnitude\tfit\tground\n";
    for (const Interaction& x : found) {
        text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                            task.genes[static_cast<std::size_t>(x.first)].name,
                            task.genes[static_cast<std::size_t>(x.second)].name, name_of(x.joint), number(x.norm),
                            number(x.sd), x.sd > 0.0 ? number(x.certainty) : "", number(x.double_norm),
                            number(x.additive_norm), number(x.direction), number(x.c1), number(x.c2),
                            number(x.magnitude), number(x.fit), ground_of(models, task, x));
    }
    return text;
}

void print_interactions(const Log& log, const PredictTask& task, const std::vector<Interaction>& found) {
    log.info(fmt::format("\n{:<14} {:<14} {:<10} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9}", "first", "second", "class",
                         "norm", "sd", "z", "c1", "c2", "magnitude"));
    for (std::size_t k = 0; k < std::min(kInteractionsShown, found.size()); ++k) {
        const Interaction& x = found[k];
        log.info(fmt::format("{:<14} {:<14} {:<10} {:>9.4f} {:>9.4f} {:>7.2f} {:>9.3f} {:>9.3f} {:>9.3f}",
                             task.genes[static_cast<std::size_t>(x.first)].name,
                             task.genes[static_cast<std::size_t>(x.second)].name, name_of(x.joint), x.norm, x.sd,
                             x.certainty, x.c1, x.c2, x.magnitude));
    }
}

nlohmann::ordered_json to_json(const RunModels& models, const PredictTask& task, const std::vector<Outcome>& outcomes,
                               const std::vector<Interaction>& found) {
    nlohmann::ordered_json json = {{"run", models.facts().path},
                                   {"replicas", models.replicas()},
                                   {"genes", models.genes().size()},
                                   {"contexts", models.facts().contexts},
                                   {"calibrated", models.is_calibrated()},
                                   {"trust_rule", predict::trust_rule()},
                                   {"names_unknown_to_the_run", task.list.strange},
                                   {"genes_nothing_is_known_of", unknown_genes(task)}};
    nlohmann::ordered_json grounds = nlohmann::ordered_json::object();
    for (const Ground ground : predict::kGrounds) {
        const GroundSummary s = summarise(ground, task, outcomes);
        if (s.count > 0) {
            grounds[std::string(name_of(ground))] = {
                {"perturbations", s.count},   {"mean_change", s.change},    {"mean_sd", s.sd},
                {"trust_high", s.trusted[0]}, {"trust_fair", s.trusted[1]}, {"trust_low", s.trusted[2]}};
        }
    }
    json["grounds"] = grounds;
    json["perturbations"] = nlohmann::ordered_json::array();
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
        const predict::Perturbation& p = task.asked[k].perturbation;
        nlohmann::ordered_json one = {{"perturbation", p.label},
                                      {"ground", name_of(p.ground)},
                                      {"members", p.genes.size()},
                                      {"members_trained", p.trained_members()},
                                      {"mean_change", outcomes[k].mean_change},
                                      {"mean_sd", outcomes[k].mean_sd},
                                      {"expected_r2", number_or_null(outcomes[k].expected_r2)},
                                      {"trust", name_of(outcomes[k].trust)}};
        for (const predict::GeneChange& g : outcomes[k].strongest) {
            one["strongest"].push_back({{"gene", models.genes()[static_cast<std::size_t>(g.gene)]},
                                        {"change", g.change},
                                        {"sd", g.sd},
                                        {"z", number_or_null(z_of(g))}});
        }
        json["perturbations"].push_back(one);
    }
    for (const Interaction& x : found) {
        json["interactions"].push_back({{"first", task.genes[static_cast<std::size_t>(x.first)].name},
                                        {"second", task.genes[static_cast<std::size_t>(x.second)].name},
                                        {"class", name_of(x.joint)},
                                        {"norm", x.norm},
                                        {"sd", x.sd},
                                        {"z", number_or_null(x.sd > 0.0 ? x.certainty : std::nan(""))},
                                        {"c1", x.c1},
                                        {"c2", x.c2},
                                        {"magnitude", x.magnitude}});
    }
    return json;
}

}  // namespace lazynet::cli
