#pragma once

#include <vector>

#include "lazynet/eval/profiles.hpp"
#include "lazynet/scoring/change_table.hpp"
#include "lazynet/scoring/matching.hpp"
#include "lazynet/scoring/means_table.hpp"

namespace lazynet::scoring {

/// Who judges which conditions: ranks hold contiguous stretches, each condition's rows on one rank.
struct JudgedRows {
    JudgedRows(const mpi::Communicator& world, const Matching& matching);
    std::vector<Index> judged;      ///< of this rank: indices into Matching::judged
    std::vector<Index> truth;       ///< of this rank: conditions of the truth's screen
    std::vector<Index> prediction;  ///< of this rank: conditions of the predictions' screen
    std::vector<Index> distinct;    ///< of this rank: conditions of the truth's screen, each once, ascending
    std::vector<Index> place;       ///< per row of this rank: which of `distinct`
    bool repeats = false;           ///< some condition is judged in several folds
};

/// The truth of this rank's rows, and what all ranks know of its contexts. Collective.
/// @param table of the judged part of the screen  @param training what baselines learn from
eval::TrueProfiles true_profiles(const mpi::Communicator& world, const Screen& screen, const Matching& matching,
                                 const GeneChunks& genes, const JudgedRows& rows, const MeansTable& table,
                                 const ChangeTable& training);

/// Rows of a table, all genes, on every rank. Collective.
Matrix on_every_rank(const mpi::Communicator& world, const Matrix& table, const GeneChunks& genes);

}  // namespace lazynet::scoring
