#include "lazynet/data/split.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "split_strata.hpp"

namespace lazynet {
namespace {

void append(std::string& text, const std::vector<HeldOut>& conditions) {
    for (const HeldOut& c : conditions) {
        text += fmt::format("{}\t{}\t{}\t{}\n", c.perturbation, c.context, c.stratum, c.cells);
    }
}

std::string described(const Split& split, const Fold& fold) {
    return fmt::format("split '{}' of {}, fold '{}'", split.kind, split.screen, fold.name);
}

using Key = std::pair<std::string, std::string>;  // perturbation, context

std::map<Key, std::size_t> places(const Screen& screen) {
    std::map<Key, std::size_t> place;
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        const Condition& condition = screen.conditions[c];
        place.emplace(Key{condition.perturbation, screen.contexts[static_cast<std::size_t>(condition.context)]}, c);
    }
    return place;
}

/// Marks the conditions that `listed` names.
void mark(const Split& split, const Fold& fold, const std::vector<HeldOut>& listed, const Screen& screen,
          std::vector<bool>& marked) {
    const auto place = places(screen);
    for (const HeldOut& c : listed) {
        const auto at = place.find({c.perturbation, c.context});
        if (at == place.end() || screen.conditions[at->second].is_control()) {
            throw UserError(
                fmt::format("{}: the screen {} does not have '{}' in context '{}'; open the screen with the "
                            "options the split was made with",
                            described(split, fold), screen.name, c.perturbation, c.context));
        }
        marked[at->second] = true;
    }
}

/// New numbers of what is kept, -1 of what is not.
template <typename Number>
std::vector<Number> numbered(const std::vector<bool>& keep) {
    std::vector<Number> numbers;
    Number next = 0;
    for (const bool k : keep) {
        numbers.push_back(k ? next++ : Number{-1});
    }
    return numbers;
}

template <typename Item>
void keep_items(std::vector<Item>& items, const std::vector<bool>& keep) {
    std::vector<Item> kept;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (keep[i]) {
            kept.push_back(std::move(items[i]));
        }
    }
    items = std::move(kept);
}

/// Perturbed genes that no condition perturbs any more leave the regulator axis.
void drop_idle_regulators(Screen& screen) {
    const auto genes = static_cast<Index>(screen.genes.size());
    std::vector<bool> used(screen.unmeasured.size(), false);
    for (const Condition& condition : screen.conditions) {
        for (const Index j : condition.targets) {
            if (j >= genes) {
                used[static_cast<std::size_t>(j - genes)] = true;
            }
        }
    }
    const auto number = numbered<Index>(used);
    for (Condition& condition : screen.conditions) {
        for (Index& j : condition.targets) {
            j = j < genes ? j : genes + number[static_cast<std::size_t>(j - genes)];
        }
    }
    keep_items(screen.unmeasured, used);
}

/// Batches that no cell has any more go, those of cells left out become the first one.
void drop_idle_batches(Screen& screen) {
    std::vector<bool> used(screen.batches.size(), false);
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        if (screen.cell_condition[cell] >= 0) {
            used[static_cast<std::size_t>(screen.cell_batch[cell])] = true;
        }
    }
    const auto number = numbered<std::int32_t>(used);
    for (std::int32_t& batch : screen.cell_batch) {
        batch = std::max(number[static_cast<std::size_t>(batch)], 0);
    }
    keep_items(screen.batches, used);
}

void keep_conditions(const std::vector<bool>& keep, Screen& screen) {
    const auto number = numbered<std::int32_t>(keep);
    for (std::int32_t& c : screen.cell_condition) {
        c = c < 0 ? c : number[static_cast<std::size_t>(c)];
    }
    if (!screen.noise.empty()) {
        keep_items(screen.noise, keep);
    }
    keep_items(screen.conditions, keep);
}

/// Per cell: is it held out by a split of kind "cells"? Of every condition the cells whose random numbers are least.
std::vector<bool> test_cells(const Split& split, const Screen& screen) {
    const Random random(split.seed, "split cells");
    std::vector<std::vector<std::pair<std::uint64_t, std::size_t>>> drawn(screen.conditions.size());
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        if (screen.cell_condition[cell] >= 0) {
            drawn[static_cast<std::size_t>(screen.cell_condition[cell])].emplace_back(random.bits(cell), cell);
        }
    }
    std::vector<bool> test(screen.cell_condition.size(), false);
    for (std::size_t c = 0; c < drawn.size(); ++c) {
        std::sort(drawn[c].begin(), drawn[c].end());
        const Index held = held_out_cells(split.share, static_cast<Index>(drawn[c].size()));
        for (Index k = 0; k < held; ++k) {
            test[drawn[c][static_cast<std::size_t>(k)].second] = true;
        }
    }
    return test;
}

/// The cells that were drawn must be those that were drawn when the split was made.
void check_cells(const Split& split, const Fold& fold, const Screen& screen) {
    const auto place = places(screen);
    std::vector<bool> listed(screen.conditions.size(), false);
    mark(split, fold, fold.test, screen, listed);
    for (const HeldOut& c : fold.test) {
        const Condition& condition = screen.conditions[place.at({c.perturbation, c.context})];
        const Index held = held_out_cells(split.share, condition.cells);
        if (held != c.cells) {
            throw UserError(
                fmt::format("{}: '{}' in context '{}' has {} cells now, of which {} would be held out, not "
                            "{}; open the screen with the options the split was made with",
                            described(split, fold), c.perturbation, c.context, condition.cells, held, c.cells));
        }
    }
}

/// One side of a split of kind "cells"; conditions without cells on it go.
void keep_cells(const Split& split, const Fold& fold, bool wanted, Screen& screen) {
    check_cells(split, fold, screen);
    const std::vector<bool> test = test_cells(split, screen);
    std::vector<Index> cells(screen.conditions.size(), 0);
    for (std::size_t cell = 0; cell < test.size(); ++cell) {
        std::int32_t& c = screen.cell_condition[cell];
        c = test[cell] == wanted ? c : -1;
        if (c >= 0) {
            ++cells[static_cast<std::size_t>(c)];
        }
    }
    std::vector<bool> keep;
    for (std::size_t c = 0; c < cells.size(); ++c) {
        screen.conditions[c].cells = cells[c];
        keep.push_back(cells[c] > 0);
    }
    keep_conditions(keep, screen);
}

/// What a fold says that training does not know must be so.
void refuse_leaks(const Split& split, const Fold& fold, const Screen& screen, const std::vector<bool>& trained) {
    const Strata strata(screen, trained);
    const auto place = places(screen);
    for (const HeldOut& c : fold.test) {
        const std::string known = strata.of(screen.conditions[place.at({c.perturbation, c.context})]);
        if (known != c.stratum) {
            throw UserError(
                fmt::format("{}: '{}' in context '{}' is said to be '{}', but to what would be trained on it "
                            "is '{}': the screen {} holds other conditions than the split was made for",
                            described(split, fold), c.perturbation, c.context, c.stratum, known, screen.name));
        }
    }
}

}  // namespace

Index held_out_cells(double share, Index cells) {
    if (cells < 2) {
        return 0;
    }
    return std::clamp<Index>(static_cast<Index>(share * static_cast<double>(cells) + 0.5), 1, cells - 1);
}

std::string Split::hash() const {
    std::string text = fmt::format("{}\n{}\n{}\n{}\n", kind, screen, seed, share);
    for (const Fold& f : folds) {
        text += fmt::format("fold {} {} {}\n", f.name, f.test.size(), f.excluded.size());
        append(text, f.test);
        append(text, f.excluded);
    }
    std::uint64_t h = 0xCBF29CE484222325ULL;
    for (const char c : text) {  // FNV-1a
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    }
    return fmt::format("{:016x}", h);
}

const Fold& Split::fold(const std::string& name) const {
    std::vector<std::string> names;
    for (const Fold& f : folds) {
        if (f.name == name || (name.empty() && folds.size() == 1)) {
            return f;
        }
        names.push_back(f.name);
    }
    throw UserError(
        fmt::format("--fold {}: expected one of {}", name.empty() ? "is missing" : name, fmt::join(names, ", ")));
}

Strata::Strata(const Screen& screen, const std::vector<bool>& trained)
    : genes_(static_cast<std::size_t>(screen.regulators()), false) {
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        if (!trained[c] || screen.conditions[c].is_control()) {
            continue;
        }
        labels_.push_back(screen.conditions[c].perturbation);
        for (const Index j : screen.conditions[c].targets) {
            genes_[static_cast<std::size_t>(j)] = true;
        }
    }
    std::sort(labels_.begin(), labels_.end());
}

std::string Strata::of(const Condition& condition) const {
    if (std::binary_search(labels_.begin(), labels_.end(), condition.perturbation)) {
        return "context";
    }
    const auto seen = std::count_if(condition.targets.begin(), condition.targets.end(),
                                    [&](Index j) { return genes_[static_cast<std::size_t>(j)]; });
    if (condition.targets.size() == 1) {
        return seen == 0 ? "unseen" : "single";
    }
    return fmt::format("seen{}", seen);
}

void keep_training_part(const Split& split, const Fold& fold, Screen& screen) {
    if (split.kind == "cells") {
        keep_cells(split, fold, false, screen);
    } else {
        std::vector<bool> out(screen.conditions.size(), false);
        mark(split, fold, fold.test, screen, out);
        mark(split, fold, fold.excluded, screen, out);
        out.flip();
        refuse_leaks(split, fold, screen, out);
        keep_conditions(out, screen);
    }
    if (std::all_of(screen.conditions.begin(), screen.conditions.end(),
                    [](const Condition& c) { return c.is_control(); })) {
        throw UserError(described(split, fold) + ": it leaves no perturbation to train on");
    }
    drop_idle_regulators(screen);
    drop_idle_batches(screen);
}

void keep_test_part(const Split& split, const Fold& fold, Screen& screen) {
    if (split.kind == "cells") {
        keep_cells(split, fold, true, screen);
        return;
    }
    std::vector<bool> keep;
    for (const Condition& condition : screen.conditions) {
        keep.push_back(condition.is_control());
    }
    mark(split, fold, fold.test, screen, keep);
    keep_conditions(keep, screen);
}

}  // namespace lazynet
