#include "lazynet/data/gene_families.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

namespace lazynet {
namespace {

constexpr std::size_t kShortest = 3;

/// ENSG00000141510, ENSMUSG..., LOC105372824: numbers, not families.
bool is_accession(std::string_view name) {
    const auto digits = std::count_if(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return digits >= 6;
}

template <typename Visit>
void each_beginning(const std::string& name, const Visit& visit) {
    if (!is_accession(name)) {
        for (std::size_t n = kShortest; n < name.size(); ++n) {
            visit(name.substr(0, n));
        }
    }
}

}  // namespace

GeneEmbedding gene_families(const std::set<std::string>& names, const std::vector<std::string>& known, Index most) {
    std::map<std::string, Index> shared;
    for (const std::string& name : std::set<std::string>(known.begin(), known.end())) {
        each_beginning(name, [&](const std::string& beginning) { ++shared[beginning]; });
    }
    std::vector<std::pair<std::string, Index>> kept(shared.begin(), shared.end());
    std::erase_if(kept, [](const auto& family) { return family.second < 2; });
    std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    kept.resize(std::min(kept.size(), static_cast<std::size_t>(most)));
    std::map<std::string, Index> column;
    for (const auto& [beginning, genes] : kept) {
        column.emplace(beginning, static_cast<Index>(column.size()));
    }
    GeneEmbedding families{"families of gene symbols", {names.begin(), names.end()}, {}};
    families.values.setZero(static_cast<Index>(names.size()), static_cast<Index>(column.size()));
    for (std::size_t g = 0; g < families.names.size(); ++g) {
        each_beginning(families.names[g], [&](const std::string& beginning) {
            if (const auto at = column.find(beginning); at != column.end()) {
                families.values(static_cast<Index>(g), at->second) = 1.0f;
            }
        });
    }
    return families;
}

}  // namespace lazynet
