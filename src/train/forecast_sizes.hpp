#pragma once

#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "rehearsal.hpp"

namespace lazynet::train {

/// The sizes that time, memory and disk of a run follow from; all are counts, as doubles.
struct ForecastSizes {
    // Of the run.
    double ranks = 0, conditions = 0, contexts = 0, pairs = 0, genes = 0, unmeasured = 0;
    double read_genes = 0;  ///< of the file; fewer stay with --hvg
    double inputs = 0;      ///< of a model
    double columns = 0;     ///< of the consensus
    double hidden = 0;      ///< units of a shard
    double replicas = 0, blocks = 0, shards = 0, chunks = 0;
    double cells = 0;        ///< that belong to a condition
    double entries = 0;      ///< theirs, of the genes that stay
    double batch = 0;        ///< cell pairs of a step
    double sources = 0;      ///< of embeddings, the mean effect included
    double embedded = 0;     ///< dimensions of all of them
    double placed = 0;       ///< genes that they know
    double prior_edges = 0;  ///< of known edges, from inputs of the models
    bool cell_pairs = false;
    bool closed = false;
    bool rounds = false;  ///< of pruning

    // Of this rank.
    double own_genes = 0;  ///< of the distributed table
    double own_read = 0;   ///< the same before --hvg
    double own_shards = 0, own_blocks = 0, own_chunks = 0;
    double side_by_side = 0;        ///< its shards of one replica, at most
    double tried = 0;               ///< its shards that penalties are tried on
    double block_genes = 0;         ///< target genes of its blocks
    double shard_genes = 0;         ///< of its largest block
    double chunk_genes = 0;         ///< target genes whose results it streams
    double sent = 0, received = 0;  ///< bytes of models that travel to where their results are made, own ones included
    double packed = 0;              ///< bytes of the cells as they wait for being averaged
    bool spills = false;            ///< they do not: they are averaged in a table of sums
    double packed_cell = 0;         ///< bytes of a whole cell on its way to the ranks that average it
    double read_entries = 0;        ///< of a cell, of the genes of the file

    /// Bytes of one shard's parameters.
    [[nodiscard]] double model() const { return 4 * ((inputs + 1) * hidden + shard_genes * (hidden + 1)); }
};

/// Not collective. @param read_screen as the file has it; @param screen with the genes that would be trained
ForecastSizes size_up(const mpi::Communicator& world, const io::ScreenFile& file, const Screen& screen,
                      const Pairs& pairs, const Plan& plan, const TrainConfig& config, const Rehearsal& rehearsal);

}  // namespace lazynet::train
