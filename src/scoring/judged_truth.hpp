#pragma once

#include <optional>
#include <vector>

#include "judged_rows.hpp"
#include "lazynet/data/split.hpp"
#include "lazynet/eval/cell_spread.hpp"
#include "lazynet/io/screen_file.hpp"

namespace lazynet::scoring {

/// Everything that methods are judged by, and what baselines learn from.
struct JudgedTruth {
    Screen part;                           ///< the judged part of the screen: all of it but where cells are split
    std::vector<Index> distinct;           ///< JudgedRows::distinct as conditions of `part`
    std::vector<Index> cells;              ///< per condition of the whole screen, of the judged part
    ChangeTable learned;                   ///< rows are conditions of the whole screen
    eval::TrueProfiles profiles;           ///< of this rank's rows
    bool is_tested = false;                ///< on every rank the same: there are the two below
    eval::DifferentialTable differential;  ///< of this rank's rows
    /// Per row of this rank: how the cells lie in its 20 genes of largest |Welch t|.
    std::vector<std::vector<eval::GeneSpread>> spreads;
};

/// Collective. @param differential test genes for differential expression where there are cells
JudgedTruth read_truth(const mpi::Communicator& world, io::ScreenFile& file, const Matching& matching,
                       const GeneChunks& genes, const JudgedRows& rows, const std::optional<Split>& split,
                       bool differential, Log& log);

/// One half of each row's cells as a prediction, and the other as its truth. Collective.
struct Duplicates {
    eval::PredictedProfiles first;
    eval::TrueProfiles second;
};
Duplicates duplicates(const mpi::Communicator& world, io::ScreenFile& file, const Matching& matching,
                      const JudgedRows& rows, const JudgedTruth& truth, std::uint64_t seed, Log& log);

/// The table of other rows and columns. @param rows, columns of `table`
eval::DifferentialTable picked(const eval::DifferentialTable& table, const std::vector<Index>& rows,
                               const std::vector<Index>& columns);

}  // namespace lazynet::scoring
