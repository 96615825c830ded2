#include "lazynet/scoring/matching.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/data/name_index.hpp"

namespace lazynet::scoring {
namespace {

constexpr std::size_t kNamed = 5;  // in notes

/// "3 of 10 conditions: a, b, c ..."
std::string some_of(std::vector<std::string> names) {
    const std::size_t all = names.size();
    names.resize(std::min(all, kNamed));
    return fmt::format("{}{}", fmt::join(names, ", "), all > kNamed ? " ..." : "");
}

/// What a training part knows, in the words of HeldOut::stratum.
class TrainedOn {
public:
    TrainedOn(const Screen& screen, const std::vector<Index>& training)
        : genes_(static_cast<std::size_t>(screen.regulators())) {
        for (const Index q : training) {
            const Condition& condition = screen.conditions[static_cast<std::size_t>(q)];
            perturbations_.insert(condition.perturbation);
            for (const Index gene : condition.targets) {
                genes_[static_cast<std::size_t>(gene)] = true;
            }
        }
    }

    [[nodiscard]] std::string stratum(const Condition& condition) const {
        if (perturbations_.contains(condition.perturbation)) {
            return "context";
        }
        const auto seen = std::count_if(condition.targets.begin(), condition.targets.end(),
                                        [&](Index gene) { return genes_[static_cast<std::size_t>(gene)]; });
        return condition.targets.size() == 1 ? "unseen" : fmt::format("seen{}", seen);
    }

private:
    std::set<std::string> perturbations_;
    std::vector<bool> genes_;
};

class Matcher {
public:
    Matcher(const Screen& truth, const Screen& predictions, const PredictedLabels& labels,
            const std::optional<Split>& split)
        : truth_(truth), predictions_(predictions), labels_(labels), split_(split) {}

    Matching operator()() {
        match_genes();
        match_contexts();
        match_conditions();
        if (split_) {
            judge_by_split();
        } else {
            judge_what_is_predicted();
        }
        if (result_.judged.empty()) {
            refuse_nothing_in_common();
        }
        std::sort(result_.judged.begin(), result_.judged.end(),
                  [](const auto& a, const auto& b) { return a.truth < b.truth; });
        return std::move(result_);
    }

private:
    [[nodiscard]] std::string name(Index condition) const {
        const Condition& c = truth_.conditions[static_cast<std::size_t>(condition)];
        return truth_.contexts.size() > 1 ? truth_.contexts[static_cast<std::size_t>(c.context)] + "|" + c.perturbation
                                          : c.perturbation;
    }

    void match_genes() {
        const NameIndex index(predictions_.genes);
        std::vector<std::string> missing;
        for (std::size_t i = 0; i < truth_.genes.size(); ++i) {
            if (const auto at = index.find(truth_.genes[i])) {
                result_.truth_genes.push_back(static_cast<Index>(i));
                result_.prediction_genes.push_back(*at);
            } else {
                missing.push_back(truth_.genes[i]);
            }
        }
        if (result_.truth_genes.empty()) {
            throw UserError(fmt::format(
                "{} and {} have no gene in common, like '{}' in the first and '{}' in the second; the names must be of "
                "one kind (see --gene-names)",
                predictions_.name, truth_.name, predictions_.genes.front(), truth_.genes.front()));
        }
        if (!missing.empty()) {
            result_.notes.push_back(fmt::format("{} of {} genes are not predicted and left out: {}", missing.size(),
                                                truth_.genes.size(), some_of(missing)));
        }
        if (result_.prediction_genes.size() < predictions_.genes.size()) {
            result_.notes.push_back(fmt::format("{} predicted genes are not measured: nothing to compare them with",
                                                predictions_.genes.size() - result_.prediction_genes.size()));
        }
    }

    void match_contexts() {
        result_.prediction_context.assign(truth_.contexts.size(), -1);
        if (truth_.contexts.size() == 1 && predictions_.contexts.size() == 1) {
            result_.prediction_context[0] = 0;
            return;
        }
        const NameIndex index(predictions_.contexts);
        for (std::size_t c = 0; c < truth_.contexts.size(); ++c) {
            result_.prediction_context[c] = index.find(truth_.contexts[c]).value_or(-1);
        }
    }

    void match_conditions() {
        std::map<std::pair<std::string, Index>, Index> predicted;
        for (std::size_t k = 0; k < predictions_.conditions.size(); ++k) {
            const Condition& c = predictions_.conditions[k];
            if (!c.is_control()) {
                predicted[{c.perturbation, c.context}] = static_cast<Index>(k);
            }
        }
        prediction_of_.assign(truth_.conditions.size(), -1);
        std::size_t used = 0;
        for (std::size_t k = 0; k < truth_.conditions.size(); ++k) {
            const Condition& c = truth_.conditions[k];
            const auto at =
                predicted.find({c.perturbation, result_.prediction_context[static_cast<std::size_t>(c.context)]});
            if (!c.is_control() && at != predicted.end()) {
                prediction_of_[k] = at->second;
                ++used;
            }
        }
        if (used < predicted.size()) {
            result_.notes.push_back(fmt::format("{} of {} predicted conditions are not in {}: nothing to compare with",
                                                predicted.size() - used, predicted.size(), truth_.name));
        }
    }

    [[nodiscard]] bool is_predicted(Index condition) const {
        return prediction_of_[static_cast<std::size_t>(condition)] >= 0;
    }

    void judge(Index condition, Index fold, std::string stratum) {
        const Index at = prediction_of_[static_cast<std::size_t>(condition)];
        const std::string ground = labels_.ground.empty() ? "" : labels_.ground[static_cast<std::size_t>(at)];
        result_.judged.push_back({condition, at, fold, std::move(stratum), ground});
    }

    /// All conditions that are not controls and not in `held_out`.
    void add_fold(const std::string& name, const std::set<Index>& held_out) {
        JudgedFold fold{name, {}};
        for (std::size_t k = 0; k < truth_.conditions.size(); ++k) {
            const auto condition = static_cast<Index>(k);
            if (!truth_.conditions[k].is_control() && !held_out.contains(condition)) {
                fold.training.push_back(condition);
            }
        }
        result_.folds.push_back(std::move(fold));
    }

    void judge_by_split() {
        std::map<std::pair<std::string, std::string>, Index> known;
        for (std::size_t k = 0; k < truth_.conditions.size(); ++k) {
            const Condition& c = truth_.conditions[k];
            known[{c.perturbation, truth_.contexts[static_cast<std::size_t>(c.context)]}] = static_cast<Index>(k);
        }
        std::vector<std::string> unknown;
        std::vector<std::string> not_predicted;
        for (const Fold& fold : split_->folds) {
            const auto number = static_cast<Index>(result_.folds.size());
            std::set<Index> held_out;
            for (const HeldOut& test : fold.test) {
                const auto at = known.find({test.perturbation, test.context});
                if (at == known.end()) {
                    unknown.push_back(test.perturbation);
                } else if (!is_predicted(at->second)) {
                    held_out.insert(at->second);
                    not_predicted.push_back(name(at->second));
                } else {
                    held_out.insert(at->second);
                    judge(at->second, number, test.stratum);
                }
            }
            add_fold(fold.name, split_->kind == "cells" ? std::set<Index>{} : held_out);
        }
        note_missing(unknown, "conditions that the split holds out are not in " + truth_.name);
        note_missing(not_predicted, "conditions that the split holds out are not predicted");
    }

    void note_missing(const std::vector<std::string>& names, const std::string& what) {
        if (!names.empty()) {
            result_.notes.push_back(fmt::format("{} {}: {}", names.size(), what, some_of(names)));
        }
    }

    [[nodiscard]] std::string fold_of(Index condition) const {
        return labels_.fold.empty()
                   ? ""
                   : labels_.fold[static_cast<std::size_t>(prediction_of_[static_cast<std::size_t>(condition)])];
    }

    void judge_what_is_predicted() {
        std::map<std::string, std::set<Index>> tests;
        std::size_t trained = 0;
        for (Index k = 0; k < static_cast<Index>(truth_.conditions.size()); ++k) {
            if (!is_predicted(k)) {
                continue;
            }
            const auto at = static_cast<std::size_t>(prediction_of_[static_cast<std::size_t>(k)]);
            if (!labels_.ground.empty() && labels_.ground[at] == "trained") {
                ++trained;
            } else {
                tests[fold_of(k)].insert(k);
            }
        }
        if (trained > 0) {
            result_.notes.push_back(fmt::format(
                "{} predicted conditions were trained on, as the predictions say: they are not judged", trained));
        }
        for (const auto& [fold, held_out] : tests) {
            const auto number = static_cast<Index>(result_.folds.size());
            add_fold(fold.empty() ? "all" : fold, held_out);
            const TrainedOn known(truth_, result_.folds.back().training);
            for (const Index k : held_out) {
                judge(k, number, known.stratum(truth_.conditions[static_cast<std::size_t>(k)]));
            }
        }
    }

    [[noreturn]] void refuse_nothing_in_common() const {
        const auto example = [](const Screen& screen) {
            for (const Condition& c : screen.conditions) {
                if (!c.is_control()) {
                    return screen.contexts[static_cast<std::size_t>(c.context)] + "|" + c.perturbation;
                }
            }
            return std::string("no perturbation at all");
        };
        throw UserError(
            fmt::format("{} predicts nothing that {} holds{}: it has conditions like '{}', the truth has '{}' "
                        "(context|perturbation; "
                        "see --predictions-context-col and --predictions-pert-col)",
                        predictions_.name, truth_.name, split_ ? " and the split holds out" : "", example(predictions_),
                        example(truth_)));
    }

    const Screen& truth_;
    const Screen& predictions_;
    const PredictedLabels& labels_;
    const std::optional<Split>& split_;
    std::vector<Index> prediction_of_;  ///< per condition of the truth: condition of the predictions, or -1
    Matching result_;
};

}  // namespace

Matching match(const Screen& truth, const Screen& predictions, const PredictedLabels& labels,
               const std::optional<Split>& split) {
    return Matcher(truth, predictions, labels, split)();
}

}  // namespace lazynet::scoring
