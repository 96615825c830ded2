#pragma once

#include <vector>

#include "lazynet/data/screen.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/pseudobulk.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"

namespace lazynet::train {

/// Per pair, means over all genes: of the squared change, and of its sampling variance.
struct PairStatistics {
    std::vector<double> effect;
    std::vector<double> noise;
};

/// Collective; exact integer sums, so the same on any number of ranks.
PairStatistics pair_statistics(const mpi::Communicator& world, const Screen& screen, const Pairs& pairs,
                               const Pseudobulk& table);

/// Changes and their standard errors for target genes `genes` (ascending, contiguous), from the distributed table.
/// Collective: ranks may ask for different genes, also for none.
BlockTargets fetch_targets(const mpi::Communicator& world, const Screen& screen, const Pairs& pairs,
                           const Pseudobulk& table, Range genes, const std::vector<double>& weights);

/// A part of `all`, as targets of their own; `genes` lies within all.genes.
BlockTargets part_of_targets(const BlockTargets& all, Range genes);

/// Hash of names, cell counts and mean expression of a screen; the same on any number of ranks. Collective.
std::string fingerprint(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table);

}  // namespace lazynet::train
