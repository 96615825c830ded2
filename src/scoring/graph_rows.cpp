#include "graph_rows.hpp"

#include <fmt/format.h>

#include "lazynet/data/name_index.hpp"
#include "lazynet/io/network_file.hpp"

namespace lazynet::scoring {

eval::Features graph_rows(const std::string& path, const Screen& screen, std::vector<std::string>& notes) {
    const EdgeList list = io::read_network(path, {});
    const NameIndex index(list.names);
    std::vector<eval::Tie> ties;
    for (const EdgeList::Edge& edge : list.edges) {
        ties.push_back({edge.regulator, edge.target, edge.weight});
    }
    const eval::Features all = eval::normalised_adjacency(static_cast<Index>(list.names.size()), ties);
    std::vector<Eigen::Triplet<double>> entries;
    std::vector<bool> perturbed(static_cast<std::size_t>(screen.regulators()));
    for (const Condition& condition : screen.conditions) {
        for (const Index gene : condition.targets) {
            perturbed[static_cast<std::size_t>(gene)] = true;
        }
    }
    Index asked = 0;
    Index absent = 0;
    for (Index j = 0; j < screen.regulators(); ++j) {
        const auto at = index.find(screen.regulator(j));
        asked += perturbed[static_cast<std::size_t>(j)] ? 1 : 0;
        absent += perturbed[static_cast<std::size_t>(j)] && !at ? 1 : 0;
        for (eval::Features::InnerIterator it(all, at.value_or(0)); at && it; ++it) {
            entries.emplace_back(static_cast<int>(j), static_cast<int>(it.col()), it.value());
        }
    }
    if (absent > 0) {
        notes.push_back(fmt::format("{} of {} perturbed genes are not in {}", absent, asked, path));
    }
    eval::Features rows(screen.regulators(), all.cols());
    rows.setFromTriplets(entries.begin(), entries.end());
    return rows;
}

}  // namespace lazynet::scoring
