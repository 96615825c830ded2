#include "lazynet/train/pair_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace lazynet::train {
namespace {

std::vector<Index> perturbed_genes(const Screen& screen, const std::vector<Index>& conditions) {
    std::set<Index> genes;
    for (const Index c : conditions) {
        const auto& targets = screen.conditions[static_cast<std::size_t>(c)].targets;
        genes.insert(targets.begin(), targets.end());
    }
    return {genes.begin(), genes.end()};
}

/// Row of every name.
std::map<std::string, Index> rows_of(const std::vector<std::string>& names) {
    std::map<std::string, Index> rows;
    for (const std::string& name : names) {
        rows.emplace(name, static_cast<Index>(rows.size()));
    }
    return rows;
}

/// Factor that gives the perturbed genes a mean squared length of 1.
float unit(const GeneEmbedding& source, const Screen& screen, const std::vector<Index>& perturbed) {
    std::vector<std::string> names;
    for (const Index j : perturbed) {
        names.push_back(screen.regulator(j));
    }
    const double sum = embedding_of(source, names).cast<double>().squaredNorm();
    return sum > 0.0 ? static_cast<float>(std::sqrt(static_cast<double>(perturbed.size()) / sum)) : 0.0f;
}

/// Names of all sources and their coordinates side by side; the first is 1.
void join(const Screen& screen, const std::vector<Index>& perturbed, const std::vector<GeneEmbedding>& sources,
          PairEmbedding& out) {
    std::set<std::string> names;
    Index width = 1;
    out.sources.push_back({"mean effect", {0, 1}});
    for (const GeneEmbedding& source : sources) {
        names.insert(source.names.begin(), source.names.end());
        out.sources.push_back({source.source, {width, width + source.dimensions()}});
        width += source.dimensions();
    }
    out.names.assign(names.begin(), names.end());
    const auto rows = rows_of(out.names);
    out.values.setZero(static_cast<Index>(out.names.size()), width);
    out.values.col(0).setOnes();
    for (std::size_t s = 0; s < sources.size(); ++s) {
        const float scale = unit(sources[s], screen, perturbed);
        const Range at = out.sources[s + 1].dimensions;
        for (std::size_t g = 0; g < sources[s].names.size(); ++g) {
            out.values.row(rows.at(sources[s].names[g])).segment(at.begin, at.size()) =
                scale * sources[s].values.row(static_cast<Index>(g));
        }
    }
}

}  // namespace

std::vector<double> PairEmbedding::unknown() const {
    std::vector<double> coordinates(static_cast<std::size_t>(dimensions()), 0.0);
    if (!coordinates.empty()) {
        coordinates[0] = 1.0;
    }
    return coordinates;
}

PairEmbedding embed_pairs(const Screen& screen, const std::vector<Index>& conditions, const std::vector<double>& shifts,
                          const std::vector<GeneEmbedding>& sources) {
    PairEmbedding out;
    join(screen, perturbed_genes(screen, conditions), sources, out);
    std::vector<std::string> regulators;
    for (Index j = 0; j < screen.regulators(); ++j) {
        regulators.push_back(screen.regulator(j));
    }
    out.regulators = embedding_of({"", out.names, out.values}, regulators);
    out.regulators.col(0).setOnes();
    const auto down = std::count_if(shifts.begin(), shifts.end(), [](double shift) { return shift < 0.0; });
    out.direction = 2 * down > static_cast<std::ptrdiff_t>(shifts.size()) ? -1.0 : 1.0;
    out.features.setZero(static_cast<Index>(conditions.size()), out.values.cols() + 1);
    for (std::size_t p = 0; p < conditions.size(); ++p) {
        const auto& targets = screen.conditions[static_cast<std::size_t>(conditions[p])].targets;
        auto row = out.features.row(static_cast<Index>(p));
        for (const Index j : targets) {
            const double sign = shifts[static_cast<std::size_t>(j)] < 0.0 ? -1.0 : 1.0;
            row.head(out.values.cols()) += sign * out.regulators.row(j).cast<double>();
        }
        row[out.values.cols()] = row[0] - out.direction;
    }
    return out;
}

}  // namespace lazynet::train
