#include "lazynet/graph/spectral.hpp"

#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <tuple>

#include "lazynet/core/error.hpp"
#include "lazynet/graph/eigenpairs.hpp"

namespace lazynet {
namespace {

using Adjacency = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int32_t>;

/// Smaller eigenvalues are rounding.
constexpr double kLeastEigenvalue = 1e-7;
/// Eigenvalues (at most 1) whose difference rounds to 0 in these units are equal.
constexpr double kUnits = 1e8;

/// Both ways round, sorted, each pair once with its largest weight.
std::vector<WeightedEdge> symmetrised(Index nodes, std::span<const WeightedEdge> edges) {
    std::vector<WeightedEdge> both;
    both.reserve(2 * edges.size());
    for (const WeightedEdge& e : edges) {
        if (std::min(e.a, e.b) < 0 || std::max(e.a, e.b) >= nodes || !std::isfinite(e.weight)) {
            throw InternalError("an edge of the gene graph has no place in it, or no finite weight");
        }
        if (e.a != e.b && e.weight != 0.0f) {
            both.push_back({e.a, e.b, std::abs(e.weight)});
            both.push_back({e.b, e.a, std::abs(e.weight)});
        }
    }
    std::sort(both.begin(), both.end(), [](const WeightedEdge& x, const WeightedEdge& y) {
        return std::tie(x.a, x.b, y.weight) < std::tie(y.a, y.b, x.weight);
    });
    const auto is_same = [](const WeightedEdge& x, const WeightedEdge& y) { return x.a == y.a && x.b == y.b; };
    both.erase(std::unique(both.begin(), both.end(), is_same), both.end());
    return both;
}

/// D^-1/2 W D^-1/2. @param edges sorted
Adjacency normalised(Index nodes, const std::vector<WeightedEdge>& edges) {
    VectorD degree = VectorD::Zero(nodes);
    for (const WeightedEdge& e : edges) {
        degree[e.a] += static_cast<double>(e.weight);
    }
    Adjacency matrix(nodes, nodes);
    matrix.reserve(static_cast<Index>(edges.size()));
    std::size_t at = 0;
    for (Index row = 0; row < nodes; ++row) {
        matrix.startVec(row);
        for (; at < edges.size() && edges[at].a == row; ++at) {
            const WeightedEdge& e = edges[at];
            matrix.insertBack(row, e.b) = static_cast<double>(e.weight) / std::sqrt(degree[row] * degree[e.b]);
        }
    }
    matrix.finalize();
    return matrix;
}

/// Nodes of each connected part, ascending; the largest part first, then by its first node. Single nodes are parts too.
std::vector<std::vector<Index>> connected_parts(const Adjacency& matrix) {
    std::vector<std::vector<Index>> parts;
    std::vector<bool> seen(static_cast<std::size_t>(matrix.rows()));
    for (Index first = 0; first < matrix.rows(); ++first) {
        if (seen[static_cast<std::size_t>(first)]) {
            continue;
        }
        seen[static_cast<std::size_t>(first)] = true;
        std::vector<Index> part{first};
        for (std::size_t k = 0; k < part.size(); ++k) {
            for (Adjacency::InnerIterator edge(matrix, part[k]); edge; ++edge) {
                if (!seen[static_cast<std::size_t>(edge.col())]) {
                    seen[static_cast<std::size_t>(edge.col())] = true;
                    part.push_back(edge.col());
                }
            }
        }
        std::sort(part.begin(), part.end());
        parts.push_back(std::move(part));
    }
    std::stable_sort(parts.begin(), parts.end(), [](const auto& x, const auto& y) { return x.size() > y.size(); });
    return parts;
}

/// Rows and columns of a connected part. @param place room for one number per node
Adjacency part_of_matrix(const Adjacency& matrix, const std::vector<Index>& part, std::vector<Index>& place) {
    const auto n = static_cast<Index>(part.size());
    for (Index k = 0; k < n; ++k) {
        place[static_cast<std::size_t>(part[static_cast<std::size_t>(k)])] = k;
    }
    Adjacency sub(n, n);
    for (Index k = 0; k < n; ++k) {
        sub.startVec(k);
        for (Adjacency::InnerIterator edge(matrix, part[static_cast<std::size_t>(k)]); edge; ++edge) {
            sub.insertBack(k, place[static_cast<std::size_t>(edge.col())]) = edge.value();
        }
    }
    sub.finalize();
    return sub;
}

/// Eigenvalues are at most 1 by size, so ((I + S) / 2)^k has the same vectors in the same order, and leading ones that
/// lie close together lie k times as far apart, seen from their size. A product with S costs little beside keeping
/// hundreds of Lanczos vectors orthogonal, so fewer steps with more products take about half the time.
EigenPairs leading_pairs(const Adjacency& matrix, Index count) {
    const auto product = [&](const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y) {
        constexpr int kPower = 12;
        Columns from = x;
        for (int k = 0; k < kPower; ++k) {
            y.noalias() = matrix * from;
            y = 0.5 * (y + from);
            from = y;
        }
    };
    EigenPairs pairs = leading_eigenpairs(matrix.rows(), product, count);
    pairs.values = pairs.vectors.cwiseProduct(matrix * pairs.vectors).colwise().sum();
    const Index n = (pairs.values.array() > kLeastEigenvalue).count();
    return {pairs.values.head(n), pairs.vectors.leftCols(n)};
}

/// An eigenvalue, and whose it is.
struct Column {
    std::int64_t rounded;
    std::size_t part;
    Index pair;
};

/// The largest eigenvalues of all parts together.
std::vector<Column> chosen_columns(const std::vector<EigenPairs>& pairs, Index dimensions) {
    std::vector<Column> columns;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
        for (Index k = 0; k < pairs[p].values.size(); ++k) {
            columns.push_back({std::llround(pairs[p].values[k] * kUnits), p, k});
        }
    }
    std::stable_sort(columns.begin(), columns.end(),
                     [](const Column& x, const Column& y) { return x.rounded > y.rounded; });
    columns.resize(std::min(columns.size(), static_cast<std::size_t>(std::max<Index>(dimensions, 0))));
    return columns;
}

}  // namespace

SpectralVectors spectral_vectors(Index nodes, std::span<const WeightedEdge> edges, const SpectralOptions& options) {
    const Adjacency matrix = normalised(nodes, symmetrised(nodes, edges));
    std::vector<std::vector<Index>> parts = connected_parts(matrix);
    SpectralVectors result;
    for (; !parts.empty() && parts.back().size() == 1; parts.pop_back()) {
        result.isolated.push_back(parts.back()[0]);
    }
    std::reverse(result.isolated.begin(), result.isolated.end());
    result.components = static_cast<Index>(parts.size());
    std::vector<EigenPairs> pairs;
    std::vector<Index> place(static_cast<std::size_t>(nodes));
    for (const std::vector<Index>& part : parts) {
        pairs.push_back(leading_pairs(part_of_matrix(matrix, part, place), options.dimensions));
    }
    const std::vector<Column> columns = chosen_columns(pairs, options.dimensions);
    result.vectors = Matrix::Zero(nodes, static_cast<Index>(columns.size()));
    result.eigenvalues.resize(result.vectors.cols());
    for (Index c = 0; c < result.vectors.cols(); ++c) {
        const Column& column = columns[static_cast<std::size_t>(c)];
        const double value = pairs[column.part].values[column.pair];
        const double scale = std::pow(value, options.power);
        const std::vector<Index>& part = parts[column.part];
        for (std::size_t k = 0; k < part.size(); ++k) {
            result.vectors(part[k], c) =
                static_cast<float>(scale * pairs[column.part].vectors(static_cast<Index>(k), column.pair));
        }
        result.eigenvalues[c] = value;
    }
    return result;
}

}  // namespace lazynet
