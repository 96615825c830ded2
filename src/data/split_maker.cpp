#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/data/split.hpp"
#include "split_strata.hpp"

namespace lazynet {
namespace {

using Labels = std::set<std::string>;

/// The perturbations of a screen, sorted by name, contexts together.
struct Perturbations {
    std::vector<std::string> singles, combinations, genes;
    std::map<std::string, std::vector<std::string>> members;

    explicit Perturbations(const Screen& screen) {
        Labels all_genes;
        for (const Condition& c : screen.conditions) {
            if (c.is_control() || members.count(c.perturbation) > 0) {
                continue;
            }
            std::vector<std::string>& own = members[c.perturbation];
            for (const Index j : c.targets) {
                own.push_back(screen.regulator(j));
            }
            all_genes.insert(own.begin(), own.end());
        }
        for (const auto& [label, own] : members) {
            (own.size() == 1 ? singles : combinations).push_back(label);
        }
        genes.assign(all_genes.begin(), all_genes.end());
    }
    [[nodiscard]] bool touches(const std::string& label, const Labels& some) const {
        const auto& own = members.at(label);
        return std::any_of(own.begin(), own.end(), [&](const std::string& gene) { return some.count(gene) > 0; });
    }
    [[nodiscard]] bool lies_in(const std::string& label, const Labels& some) const {
        const auto& own = members.at(label);
        return std::all_of(own.begin(), own.end(), [&](const std::string& gene) { return some.count(gene) > 0; });
    }
};

/// The names in an order of their own.
std::vector<std::string> shuffled(const std::vector<std::string>& names, std::uint64_t seed, const char* stream) {
    std::vector<std::int64_t> order(names.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    Random(seed, stream).shuffle(order);
    std::vector<std::string> out;
    for (const std::int64_t i : order) {
        out.push_back(names[static_cast<std::size_t>(i)]);
    }
    return out;
}

std::size_t part_size(double share, std::size_t all) {
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(all)));
}

Labels first_of(const std::vector<std::string>& names, std::size_t n) {
    return {names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(n, names.size()))};
}

enum class Side { train, test, excluded };
using Sides = std::function<Side(const Condition&)>;

Fold make_fold(const std::string& name, const Screen& screen, const Sides& side_of) {
    std::vector<bool> trained;
    for (const Condition& c : screen.conditions) {
        trained.push_back(c.is_control() || side_of(c) == Side::train);
    }
    const Strata strata(screen, trained);
    Fold fold{name, {}, {}};
    for (std::size_t i = 0; i < trained.size(); ++i) {
        const Condition& c = screen.conditions[i];
        if (trained[i]) {
            continue;
        }
        const std::string& context = screen.contexts[static_cast<std::size_t>(c.context)];
        if (side_of(c) == Side::test) {
            fold.test.push_back({c.perturbation, context, strata.of(c)});
        } else {
            fold.excluded.push_back({c.perturbation, context, ""});
        }
    }
    return fold;
}

std::vector<Fold> by_parts(const Screen& screen, const SplitOptions& options) {
    const Perturbations all(screen);
    if (static_cast<Index>(all.singles.size()) < options.folds) {
        throw UserError(fmt::format("--folds {}: the screen {} has {} single perturbations", options.folds, screen.name,
                                    all.singles.size()));
    }
    const auto order = shuffled(all.singles, options.seed, "split kfold");
    std::vector<Fold> folds;
    for (Index f = 0; f < options.folds; ++f) {
        Labels held;
        for (std::size_t i = static_cast<std::size_t>(f); i < order.size();
             i += static_cast<std::size_t>(options.folds)) {
            held.insert(all.members.at(order[i]).front());
        }
        folds.push_back(make_fold(fmt::format("{}", f), screen, [&](const Condition& c) {
            if (c.targets.size() > 1 && options.combinations == "exclude") {
                return Side::excluded;
            }
            return all.touches(c.perturbation, held) ? Side::test : Side::train;
        }));
    }
    return folds;
}

/// A fold that trains on some perturbations and tests on all others.
Fold by_labels(const std::string& name, const Screen& screen, const Labels& trained) {
    return make_fold(name, screen,
                     [&](const Condition& c) { return trained.count(c.perturbation) > 0 ? Side::train : Side::test; });
}

Fold by_genes(const Screen& screen, const Perturbations& all, const SplitOptions& options, std::uint64_t seed) {
    const Labels genes =
        first_of(shuffled(all.genes, seed, "split genes"), part_size(options.train_genes, all.genes.size()));
    std::vector<std::string> inside;
    std::copy_if(all.combinations.begin(), all.combinations.end(), std::back_inserter(inside),
                 [&](const std::string& label) { return all.lies_in(label, genes); });
    Labels trained =
        first_of(shuffled(inside, seed, "split combinations"), part_size(options.train_combinations, inside.size()));
    std::copy_if(all.singles.begin(), all.singles.end(), std::inserter(trained, trained.end()),
                 [&](const std::string& label) { return all.lies_in(label, genes); });
    return by_labels(fmt::format("{}", seed), screen, trained);
}

Fold by_doubles(const Screen& screen, const Perturbations& all, const SplitOptions& options, std::uint64_t seed) {
    Labels trained = first_of(shuffled(all.combinations, seed, "split doubles"),
                              part_size(options.doubles_share, all.combinations.size()));
    trained.insert(all.singles.begin(), all.singles.end());
    return by_labels(fmt::format("{}", seed), screen, trained);
}

std::vector<Fold> by_context(const Screen& screen) {
    if (screen.contexts.size() < 2) {
        throw UserError(fmt::format("--kind contexts: the screen {} has one context (see --context-col)", screen.name));
    }
    std::vector<Fold> folds;
    for (std::size_t left_out = 0; left_out < screen.contexts.size(); ++left_out) {
        folds.push_back(make_fold(screen.contexts[left_out], screen, [&](const Condition& c) {
            return c.context == static_cast<Index>(left_out) ? Side::test : Side::train;
        }));
    }
    return folds;
}

Fold by_cells(const Screen& screen, const SplitOptions& options) {
    if (screen.rows_are_conditions) {
        throw UserError(fmt::format("--kind cells: the rows of the screen {} are conditions, which cannot be divided",
                                    screen.name));
    }
    Fold fold{"0", {}, {}};
    for (const Condition& c : screen.conditions) {
        const Index held = held_out_cells(options.share, c.cells);
        const std::string& context = screen.contexts[static_cast<std::size_t>(c.context)];
        if (c.is_control() && held == 0) {
            throw UserError(
                fmt::format("--kind cells: context '{}' of the screen {} has one control cell", context, screen.name));
        }
        if (!c.is_control() && held > 0) {
            fold.test.push_back({c.perturbation, context, "cells", held});
        }
    }
    return fold;
}

/// Every fold must have something on both sides.
void require_both_sides(const Split& split, const Screen& screen) {
    const auto controls = static_cast<std::size_t>(std::count_if(screen.conditions.begin(), screen.conditions.end(),
                                                                 [](const Condition& c) { return c.is_control(); }));
    for (const Fold& fold : split.folds) {
        const bool all = fold.test.size() + fold.excluded.size() + controls == screen.conditions.size();
        if (fold.test.empty() || (all && split.kind != "cells")) {
            throw UserError(fmt::format("--kind {}: fold '{}' of the screen {} would have nothing to {}", split.kind,
                                        fold.name, screen.name, fold.test.empty() ? "test" : "train") +
                            " on");
        }
    }
}

/// Members sorted, each once.
std::string canonical(const std::string& label) {
    Labels members;
    for (std::size_t begin = 0; begin <= label.size();) {
        const std::size_t end = std::min(label.find('+', begin), label.size());
        members.insert(label.substr(begin, end - begin));
        begin = end + 1;
    }
    return fmt::format("{}", fmt::join(members, "+"));
}

/// The conditions that a label names; in all contexts where it names none.
std::vector<std::size_t> found(const HeldOut& wanted, const Screen& screen) {
    const std::string label = canonical(wanted.perturbation);
    std::vector<std::size_t> places;
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        const Condition& condition = screen.conditions[c];
        if (!condition.is_control() && condition.perturbation == label &&
            (wanted.context.empty() ||
             screen.contexts[static_cast<std::size_t>(condition.context)] == wanted.context)) {
            places.push_back(c);
        }
    }
    if (places.empty()) {
        throw UserError(fmt::format("the screen {} has no perturbation '{}'{}", screen.name, label,
                                    wanted.context.empty() ? "" : " in context '" + wanted.context + "'"));
    }
    return places;
}

}  // namespace

void SplitOptions::validate() const {
    const auto share_of = [](const char* name, double value) {
        if (!(value > 0.0 && value < 1.0)) {
            throw UserError(fmt::format("--{} {}: expected a share between 0 and 1", name, value));
        }
    };
    if (combinations != "hold" && combinations != "exclude") {
        throw UserError(fmt::format("--combinations {}: expected hold or exclude", combinations));
    }
    if (folds < 2) {
        throw UserError(fmt::format("--folds {}: expected at least 2", folds));
    }
    share_of("share", share);
    share_of("train-genes", train_genes);
    share_of("train-combinations", train_combinations);
    share_of("doubles-share", doubles_share);
    if (seeds.empty() || Labels::size_type{std::set(seeds.begin(), seeds.end()).size()} < seeds.size()) {
        throw UserError("--seeds: expected different numbers, such as 1,2,3");
    }
}

Split make_split(const Screen& screen, const SplitOptions& options) {
    options.validate();
    Split split;
    split.kind = options.kind;
    split.screen = screen.name;
    const Perturbations all(screen);
    const bool has_seeds = options.kind == "combinations" || options.kind == "doubles";
    if (has_seeds && all.combinations.empty()) {
        throw UserError(fmt::format("--kind {}: the screen {} has no combinations", options.kind, screen.name));
    }
    if (options.kind == "kfold") {
        split.seed = options.seed;
        split.folds = by_parts(screen, options);
    } else if (has_seeds) {
        for (const std::uint64_t seed : options.seeds) {
            split.folds.push_back((options.kind == "doubles" ? by_doubles : by_genes)(screen, all, options, seed));
        }
    } else if (options.kind == "contexts") {
        split.folds = by_context(screen);
    } else if (options.kind == "cells") {
        split.seed = options.seed;
        split.share = options.share;
        split.folds = {by_cells(screen, options)};
    } else {
        throw UserError(
            fmt::format("--kind {}: expected kfold, combinations, doubles, contexts or cells", options.kind));
    }
    require_both_sides(split, screen);
    return split;
}

Split custom_split(const std::vector<std::string>& labels, const Screen& screen) {
    Split split;
    split.kind = "custom";
    split.screen = screen.name;
    split.folds.push_back({"0", {}, {}});
    for (const std::string& label : labels) {
        const auto bar = label.find('|');
        const bool has_context = bar != std::string::npos;
        split.folds.front().test.push_back(
            {has_context ? label.substr(bar + 1) : label, has_context ? label.substr(0, bar) : "", ""});
    }
    complete(split, screen);
    return split;
}

void complete(Split& split, const Screen& screen) {
    for (Fold& fold : split.folds) {
        std::vector<Side> side(screen.conditions.size(), Side::train);
        for (const auto& [listed, where] :
             {std::pair(&fold.excluded, Side::excluded), std::pair(&fold.test, Side::test)}) {
            for (const HeldOut& wanted : *listed) {
                for (const std::size_t c : found(wanted, screen)) {
                    side[c] = where;
                }
            }
        }
        fold = make_fold(fold.name, screen, [&](const Condition& c) {
            return side[static_cast<std::size_t>(&c - screen.conditions.data())];
        });
    }
    require_both_sides(split, screen);
}

}  // namespace lazynet
