#pragma once

#include <string>
#include <vector>

#include "lazynet/data/obs_table.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/data/screen_options.hpp"
#include "lazynet/data/screen_report.hpp"

namespace lazynet {

/// Sorts the cells into conditions: filters, labels, contexts, batches, and the smallest number of cells.
///
/// Rows are conditions where options.may_hold_conditions() and no label occurs twice; then one "cell" is enough.
///
/// `screen.genes` must be set; fills rows_are_conditions, unmeasured, contexts, batches, conditions, cell_condition and
/// cell_batch. Cells without a usable label are left out, never counted as controls. Fills the label part of `report`
/// as it goes, so that it holds what was found also when this throws.
///
/// @throws UserError naming column and option when there is nothing to train on
void build_conditions(const ObsTable& obs, const ScreenOptions& options, Screen& screen, ScreenReport& report);

}  // namespace lazynet
