#pragma once

#include <string>
#include <vector>

#include "lazynet/eval/summary.hpp"
#include "lazynet/scoring/evaluation.hpp"

namespace lazynet::scoring {

/// Figures of one method over one group of conditions.
struct GroupScore {
    /// Squared errors of all conditions together, perturbed genes left out.
    eval::RatioSummary relative_error;    ///< sum of errors / sum of those of no change
    eval::RatioSummary r2_over_mean;      ///< 1 - sum of errors / sum of those of the training mean
    std::vector<eval::Summary> measures;  ///< as Scoreboard::shown, for the whole all of Evaluation::measures
};

/// Conditions with something in common.
struct ScoreGroup {
    eval::RowGroup group;            ///< the first one of a scoreboard is all of them: by "all"
    std::vector<GroupScore> scores;  ///< per method
    /// Error relative to no change that the truth's own sampling noise causes: even a perfect prediction has it. NaN:
    /// not known.
    double noise_floor = 0.0;
    eval::CoverageCounts coverage;  ///< of the predictions' sd; no values without
};

/// What an evaluation says, in summary. Pure.
struct Scoreboard {
    std::vector<Index> shown;  ///< headline measures: indices into Evaluation::measures
    std::vector<ScoreGroup> groups;
    std::vector<std::string> doubts;  ///< where the predictions should not be believed, for people
};

/// @param confidence intervals are drawn over conditions
Scoreboard make_scoreboard(const Evaluation& evaluation, const eval::Bootstrap& bootstrap);

/// The measures that tables begin with, as far as an evaluation has them.
std::vector<Index> headline_measures(const std::vector<eval::Measure>& measures);

}  // namespace lazynet::scoring
