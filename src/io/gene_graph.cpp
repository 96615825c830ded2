#include "lazynet/io/gene_graph.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>

#include "lazynet/core/error.hpp"
#include "lazynet/io/network_file.hpp"

namespace lazynet::io {

EdgeList read_gene_graph(const std::string& path) {
    EdgeList graph = read_network(path);
    bool has_edge = false;
    for (const EdgeList::Edge& e : graph.edges) {
        has_edge = has_edge || e.regulator != e.target;
        if (!std::isfinite(e.weight)) {
            throw UserError(
                fmt::format("{}: the edge {} - {} has the weight {}; weights of a gene graph must be finite", path,
                            graph.names[static_cast<std::size_t>(e.regulator)],
                            graph.names[static_cast<std::size_t>(e.target)], e.weight));
        }
    }
    if (!has_edge) {
        throw UserError(
            fmt::format("{}: no edge between two different genes, so this graph says nothing; expected one edge per "
                        "line: gene, gene, and perhaps a weight that is not 0",
                        path));
    }
    return graph;
}

}  // namespace lazynet::io
