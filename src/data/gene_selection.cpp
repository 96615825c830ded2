#include "lazynet/data/gene_selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "lazynet/core/error.hpp"

namespace lazynet {
namespace {

constexpr std::size_t kNamesShown = 5;

/// Old place on the regulator axis -> new place.
std::vector<Index> remapped_regulators(const Screen& before, const Screen& after) {
    std::unordered_map<std::string, Index> place;
    for (Index j = 0; j < after.regulators(); ++j) {
        place.emplace(after.regulator(j), j);
    }
    std::vector<Index> remapped;
    for (Index j = 0; j < before.regulators(); ++j) {
        const auto at = place.find(before.regulator(j));
        remapped.push_back(at == place.end() ? -1 : at->second);
    }
    return remapped;
}

std::vector<bool> perturbed_genes(const Screen& screen) {
    std::vector<bool> perturbed(screen.genes.size());
    for (const Condition& condition : screen.conditions) {
        for (const Index target : condition.targets) {
            if (target < static_cast<Index>(perturbed.size())) {
                perturbed[static_cast<std::size_t>(target)] = true;
            }
        }
    }
    return perturbed;
}

}  // namespace

std::vector<std::string> duplicate_names(const std::vector<std::string>& names) {
    std::unordered_map<std::string_view, int> seen;
    for (const std::string& name : names) {
        ++seen[name];
    }
    std::vector<std::string> duplicates;
    for (const std::string& name : names) {
        int& times = seen[name];
        if (times > 1) {
            duplicates.push_back(name);
            times = 1;
        }
    }
    return duplicates;
}

GeneAxis resolve_duplicates(const std::vector<std::string>& columns, const std::string& mode) {
    const std::vector<std::string> duplicates = duplicate_names(columns);
    if (mode == "error" && !duplicates.empty()) {
        const auto shown = static_cast<std::ptrdiff_t>(std::min(duplicates.size(), kNamesShown));
        throw UserError(fmt::format(
            "{} gene names occur more than once: {}{}. Choose with --duplicate-genes first, drop or suffix, "
            "or other names with --gene-names COLUMN",
            duplicates.size(), fmt::join(duplicates.begin(), duplicates.begin() + shown, ", "),
            duplicates.size() > kNamesShown ? ", ..." : ""));
    }
    const std::unordered_set<std::string> repeated(duplicates.begin(), duplicates.end());
    std::unordered_set<std::string> taken(columns.begin(), columns.end());
    std::unordered_map<std::string, int> times;
    GeneAxis axis;
    for (const std::string& column : columns) {
        const int earlier = repeated.count(column) != 0 ? times[column]++ : 0;
        std::string name = column;
        if (earlier > 0 && mode == "suffix") {
            for (int n = earlier; !taken.insert(name).second; ++n) {
                name = fmt::format("{}-{}", column, n);
            }
        }
        const bool dropped = repeated.count(column) != 0 && (mode == "drop" || (mode == "first" && earlier > 0));
        axis.gene_of_column.push_back(dropped ? -1 : static_cast<std::int32_t>(axis.genes.size()));
        if (!dropped) {
            axis.genes.push_back(std::move(name));
        }
    }
    return axis;
}

void select_genes(Screen& screen, const std::vector<bool>& keep) {
    if (keep.size() != screen.genes.size()) {
        throw InternalError("select_genes: one flag per gene is needed");
    }
    Screen after;
    const std::vector<bool> perturbed = perturbed_genes(screen);
    std::vector<std::int32_t> renumbered(keep.size(), -1);
    after.unmeasured = screen.unmeasured;
    for (std::size_t gene = 0; gene < keep.size(); ++gene) {
        if (keep[gene]) {
            renumbered[gene] = static_cast<std::int32_t>(after.genes.size());
            after.genes.push_back(screen.genes[gene]);
        } else if (perturbed[gene]) {
            after.unmeasured.push_back(screen.genes[gene]);
        }
    }
    std::sort(after.unmeasured.begin(), after.unmeasured.end());
    const std::vector<Index> regulator = remapped_regulators(screen, after);
    for (Condition& condition : screen.conditions) {
        for (Index& target : condition.targets) {
            target = regulator[static_cast<std::size_t>(target)];
        }
        std::sort(condition.targets.begin(), condition.targets.end());
    }
    for (std::int32_t& gene : screen.gene_of_column) {
        gene = gene < 0 ? -1 : renumbered[static_cast<std::size_t>(gene)];
    }
    screen.genes = std::move(after.genes);
    screen.unmeasured = std::move(after.unmeasured);
}

std::vector<bool> named_or_perturbed(const Screen& screen, const std::vector<std::string>& names, Index& not_found) {
    const std::unordered_set<std::string> wanted(names.begin(), names.end());
    std::vector<bool> keep = perturbed_genes(screen);
    Index found = 0;
    for (std::size_t gene = 0; gene < keep.size(); ++gene) {
        const bool named = wanted.count(screen.genes[gene]) != 0;
        found += named ? 1 : 0;
        keep[gene] = keep[gene] || named;
    }
    not_found = static_cast<Index>(wanted.size()) - found;
    return keep;
}

}  // namespace lazynet
