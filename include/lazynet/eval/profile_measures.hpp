#pragma once

#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::eval {

/// Every measure that compares a row's predicted profile with its true one, as GEARS, cell-eval, PerturBench, the
/// linear-baselines paper (const-ae), CellSimBench and openproblems define them, and our own squared errors.
///
/// All of them are made from means, in float64. Measures that need what is not there are left out: differential
/// expression (`differential` is nothing, or has no columns), most variable genes (`truth.spread`). Which are left out
/// depends on what is there, not on the number of rows: ranks without rows get the same measures as others. Rows with
/// values that are not finite, on either side, have NaN.
/// @param differential of the truth, for the same rows; may be nothing
MeasureTable profile_measures(const TrueProfiles& truth, const DifferentialTable* differential,
                              const PredictedProfiles& predicted);

/// All that profile_measures can make.
std::vector<Measure> profile_measure_list();

}  // namespace lazynet::eval
