#include "lazynet/scoring/matching.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

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

using Key = std::pair<std::string, std::string>;  // perturbation, context

class Matcher {
public:
    Matcher(const Screen& truth, const Screen& predictions, const PredictedLabels& labels,
            const std::optional<Split>& split)
        : truth_(truth), predictions_(predictions), labels_(labels), split_(split) {}

    Matching operator()() {
        match_genes();
        match_contexts();
        index_conditions();
        judge(split_ ? *split_ : split_of_predictions());
        if (result_.judged.empty()) {
            refuse_nothing_in_common();
        }
        std::stable_sort(result_.judged.begin(), result_.judged.end(),
                         [](const auto& x, const auto& y) { return x.truth < y.truth; });
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

    /// Where conditions are, in the truth and (by fold) in the predictions.
    void index_conditions() {
        for (std::size_t k = 0; k < truth_.conditions.size(); ++k) {
            truth_at_[key_of(truth_, truth_.conditions[k])] = static_cast<Index>(k);
        }
        std::size_t unknown = 0;
        std::size_t all = 0;
        std::map<Index, std::size_t> truth_context;
        for (std::size_t c = 0; c < truth_.contexts.size(); ++c) {
            truth_context[result_.prediction_context[c]] = c;
        }
        for (std::size_t k = 0; k < predictions_.conditions.size(); ++k) {
            const Condition& c = predictions_.conditions[k];
            const auto context = truth_context.find(c.context);
            if (c.is_control()) {
                continue;
            }
            ++all;
            const auto at = context == truth_context.end()
                                ? truth_at_.end()
                                : truth_at_.find({c.perturbation, truth_.contexts[context->second]});
            if (at == truth_at_.end()) {
                ++unknown;
            } else {
                predicted_at_[at->second][fold_of(k)] = static_cast<Index>(k);
            }
        }
        if (unknown > 0) {
            result_.notes.push_back(fmt::format("{} of {} predicted conditions are not in {}: nothing to compare with",
                                                unknown, all, truth_.name));
        }
    }

    static Key key_of(const Screen& screen, const Condition& condition) {
        return {condition.perturbation, screen.contexts[static_cast<std::size_t>(condition.context)]};
    }

    [[nodiscard]] std::string fold_of(std::size_t prediction) const {
        return labels_.fold.empty() ? "" : labels_.fold[prediction];
    }

    [[nodiscard]] std::string ground_of(Index prediction) const {
        return labels_.ground.empty() ? "" : labels_.ground[static_cast<std::size_t>(prediction)];
    }

    /// What the predictions leave for training, as they say: all that they do not predict, and what they were trained
    /// on.
    [[nodiscard]] Split split_of_predictions() {
        Split split{"custom", truth_.name, 0, 0.0, {}};
        std::map<std::string, Fold> folds;
        std::size_t trained = 0;
        for (const auto& [condition, by_fold] : predicted_at_) {
            for (const auto& [fold, prediction] : by_fold) {
                if (ground_of(prediction) == "trained") {
                    ++trained;
                    continue;
                }
                const auto [perturbation, context] =
                    key_of(truth_, truth_.conditions[static_cast<std::size_t>(condition)]);
                folds[fold].test.push_back({perturbation, context, "", 0});
            }
        }
        if (trained > 0) {
            result_.notes.push_back(fmt::format(
                "{} predicted conditions were trained on, as the predictions say: they are not judged", trained));
        }
        const std::size_t perturbed = truth_.conditions.size() - truth_.contexts.size();
        bool is_complete = true;
        for (auto& [name, fold] : folds) {
            fold.name = name.empty() ? "all" : name;
            is_complete = is_complete && fold.test.size() < perturbed;
            split.folds.push_back(std::move(fold));
        }
        if (is_complete && !split.folds.empty()) {
            complete(split, truth_);
        }
        return split;
    }

    void judge(const Split& split) {
        Index not_predicted = 0;
        std::vector<std::string> examples;
        for (const Fold& fold : split.folds) {
            const auto number = static_cast<Index>(result_.folds.size());
            for (const HeldOut& test : fold.test) {
                const auto at = truth_at_.find({test.perturbation, test.context});
                if (at == truth_at_.end()) {
                    throw UserError(fmt::format(
                        "the split holds out '{}' in context '{}', which {} does not have; open the screen with the "
                        "options the split was made with",
                        test.perturbation, test.context, truth_.name));
                }
                if (const Index prediction = prediction_of(at->second, fold.name); prediction >= 0) {
                    result_.judged.push_back({at->second, prediction, number, test.stratum, ground_of(prediction)});
                } else {
                    ++not_predicted;
                    examples.push_back(name(at->second));
                }
            }
            result_.folds.push_back({fold.name, training_of(split, fold)});
        }
        if (not_predicted > 0) {
            result_.notes.push_back(fmt::format("{} conditions that the split holds out are not predicted: {}",
                                                not_predicted, some_of(examples)));
        }
    }

    /// Of this fold, else one that is said of no fold; -1: none.
    [[nodiscard]] Index prediction_of(Index condition, const std::string& fold) const {
        const auto found = predicted_at_.find(condition);
        if (found == predicted_at_.end()) {
            return -1;
        }
        const auto own = found->second.find(fold);
        const auto any = found->second.find("");
        return own != found->second.end() ? own->second : any != found->second.end() ? any->second : -1;
    }

    /// What is left of the truth's conditions for training.
    [[nodiscard]] std::vector<Index> training_of(const Split& split, const Fold& fold) const {
        std::vector<Index> training;
        if (fold.test.size() >= truth_.conditions.size() - truth_.contexts.size() && split.kind != "cells") {
            return training;
        }
        Screen part = truth_;
        keep_training_part(split, fold, part);
        for (const Condition& condition : part.conditions) {
            if (!condition.is_control()) {
                training.push_back(truth_at_.at(key_of(part, condition)));
            }
        }
        return training;
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
    std::map<Key, Index> truth_at_;
    std::map<Index, std::map<std::string, Index>> predicted_at_;  ///< per condition of the truth, by fold
    Matching result_;
};

}  // namespace

Matching match(const Screen& truth, const Screen& predictions, const PredictedLabels& labels,
               const std::optional<Split>& split) {
    return Matcher(truth, predictions, labels, split)();
}

}  // namespace lazynet::scoring
