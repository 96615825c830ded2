#include "principal_genes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "lazynet/graph/eigenpairs.hpp"
#include "lazynet/train/plan.hpp"

namespace lazynet::train {
namespace {

/// Sums of products of values below 2^6 over 2^17 genes stay below 2^63.
constexpr double kFixed = 0x1.0p33;
constexpr Index kPanelBytes = Index{16} << 20;
constexpr double kLeastVariance = 1e-6;

/// Rows of the Gram matrix, up to the last one's diagonal. Collective: sums over all genes.
MatrixD gram_panel(const mpi::Communicator& world, const ChunkedGenes& table, Range rows) {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(rows.size() * rows.end), 0);
    Matrix product;
    for (const Matrix& chunk : table.chunks) {
        product.noalias() = chunk.middleRows(rows.begin, rows.size()) * chunk.topRows(rows.end).transpose();
        for (std::size_t k = 0; k < sums.size(); ++k) {
            sums[k] += std::llround(static_cast<double>(product.data()[k]) * kFixed);
        }
    }
    world.sum_in_place(sums);
    MatrixD panel(rows.size(), rows.end);
    std::transform(sums.begin(), sums.end(), panel.data(),
                   [](std::int64_t sum) { return static_cast<double>(sum) / kFixed; });
    return panel;
}

/// The root's Gram matrix; empty elsewhere.
MatrixD gram(const mpi::Communicator& world, const ChunkedGenes& table) {
    MatrixD whole;
    if (world.is_root()) {
        whole.resize(table.rows, table.rows);
    }
    const Index step = std::max<Index>(1, kPanelBytes / (8 * std::max<Index>(table.rows, 1)));
    for (Index first = 0; first < table.rows; first += step) {
        const Range rows{first, std::min(first + step, table.rows)};
        const MatrixD panel = gram_panel(world, table, rows);
        if (world.is_root()) {
            whole.block(rows.begin, 0, rows.size(), rows.end) = panel;
        }
    }
    if (world.is_root()) {
        whole.triangularView<Eigen::StrictlyUpper>() = whole.transpose();
    }
    return whole;
}

/// U / sqrt(rows) of the leading components, on every rank.
Matrix directions(const mpi::Communicator& world, const MatrixD& gram, Index rows, Index dimensions) {
    Matrix u;
    std::int64_t found = 0;
    if (world.is_root()) {
        const auto product = [&](const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y) { y.noalias() = gram * x; };
        const EigenPairs pairs = leading_eigenpairs(rows, product, dimensions);
        const double least = kLeastVariance * (pairs.values.size() > 0 ? pairs.values[0] : 0.0);
        found = (pairs.values.array() > least).count();
        u = (pairs.vectors.leftCols(found) / std::sqrt(static_cast<double>(rows))).cast<float>();
    }
    found = world.max(found);
    u.resize(rows, found);
    world.broadcast(std::as_writable_bytes(std::span(u.data(), static_cast<std::size_t>(u.size()))));
    return u;
}

}  // namespace

Range genes_of_chunks(const mpi::Communicator& world, Index genes) {
    const Index chunks = (genes + kChunkGenes - 1) / kChunkGenes;
    const Range mine = block_of(chunks, world.size(), world.rank());
    return {std::min(mine.begin * kChunkGenes, genes), std::min(mine.end * kChunkGenes, genes)};
}

ChunkedGenes cut_into_chunks(const Matrix& columns, Range genes) {
    ChunkedGenes table{columns.rows(), genes, {}};
    for (Index at = 0; at < genes.size(); at += kChunkGenes) {
        table.chunks.push_back(columns.middleCols(at, std::min(kChunkGenes, genes.size() - at)));
    }
    return table;
}

Matrix principal_genes(const mpi::Communicator& world, const ChunkedGenes& table, Index dimensions) {
    const Matrix u = directions(world, gram(world, table), table.rows, dimensions);
    std::vector<double> mine;
    for (const Matrix& chunk : table.chunks) {
        const Matrix vectors = chunk.transpose() * u;
        mine.insert(mine.end(), vectors.data(), vectors.data() + vectors.size());
    }
    const std::vector<double> all = world.gather(std::span<const double>(mine));
    const Index genes =
        u.cols() == 0 ? world.max(std::int64_t{table.genes.end}) : static_cast<Index>(all.size()) / u.cols();
    return Eigen::Map<const MatrixD>(all.data(), genes, u.cols()).cast<float>();
}

}  // namespace lazynet::train
