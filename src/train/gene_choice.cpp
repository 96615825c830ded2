#include "gene_choice.hpp"

#include <span>
#include <vector>

#include "lazynet/data/gene_selection.hpp"
#include "lazynet/train/columns.hpp"

namespace lazynet::train {
namespace {

/// Keeps the columns `kept` of a distributed table; every rank gets its part of the new order.
Matrix keep_columns(const mpi::Communicator& world, const Matrix& table, Index genes, const std::vector<Index>& kept) {
    const Range mine = block_of(static_cast<Index>(kept.size()), world.size(), world.rank());
    return fetch_columns(
        world, table, genes,
        std::span(kept).subspan(static_cast<std::size_t>(mine.begin), static_cast<std::size_t>(mine.size())));
}

}  // namespace

void select_variable_genes(const mpi::Communicator& world, const TrainConfig& config, Screen& screen,
                           Pseudobulk& table) {
    if (config.hvg == 0 || config.hvg >= static_cast<Index>(screen.genes.size())) {
        return;
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    const std::vector<Index> kept = highly_variable(world, table, screen, config.hvg);
    table.mean = keep_columns(world, table.mean, genes, kept);
    table.variance = keep_columns(world, table.variance, genes, kept);
    table.genes = block_of(static_cast<Index>(kept.size()), world.size(), world.rank());
    std::vector<bool> keep(static_cast<std::size_t>(genes), false);
    for (const Index g : kept) {
        keep[static_cast<std::size_t>(g)] = true;
    }
    select_genes(screen, keep);
}

}  // namespace lazynet::train
