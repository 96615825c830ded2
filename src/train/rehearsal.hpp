#pragma once

#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/prune_knowledge.hpp"

namespace lazynet::train {

/// What a run's pieces take on this machine: each was tried once, at its real size, on made-up values. Seconds of the
/// slowest rank, all ranks at work at the same time, as in the run.
struct Rehearsal {
    double entries_per_cell = 0.0;  ///< stored entries, genes of the screen only
    double packed_per_cell = 0.0;   ///< bytes of a cell on its way to who averages it
    double read = 0.0;              ///< reading and checking one cell of the file
    double average = 0.0;           ///< the same, packing and adding it up
    double penalty = 0.0;           ///< the largest penalty of one block
    double setup = 0.0;             ///< a shard, up to its first epoch
    double epoch = 0.0;             ///< one epoch of a shard; 0 with models in closed form
    double round = 0.0;             ///< scores of one shard in a pruning round
    double products = 0.0;          ///< of all pairs' changes on a chunk of genes: what the prior is chosen on
    double leave_out = 0.0;         ///< errors of leaving each pair out, under one prior
    double validation = 0.0;        ///< of models in closed form
    double weigh = 0.0;             ///< predictions of pairs left out, one chunk of genes
    double consensus = 0.0;         ///< statistics and edges of one chunk of target genes, all replicas
    Index sources = 0;              ///< of the prior
    bool combinations = false;      ///< there are some
};

/// Collective. Reads the start of the file for half a second, trains a few epochs of one shard, and so on:
/// about one to three seconds in all, with the memory of one shard.
/// @param screen with the genes that would be trained
/// @throws AgreedError for values that cannot be
Rehearsal rehearse(const mpi::Communicator& world, io::ScreenFile& file, const Screen& screen, const Pairs& pairs,
                   const Plan& plan, const TrainConfig& config, const PruneKnowledge& knowledge);

}  // namespace lazynet::train
