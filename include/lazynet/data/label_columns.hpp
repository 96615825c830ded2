#pragma once

#include <string>
#include <vector>

#include "lazynet/data/obs_table.hpp"
#include "lazynet/data/screen_options.hpp"
#include "lazynet/data/screen_report.hpp"

namespace lazynet {

/// Column that holds the names of the rows where these may be the labels (see io/screen_file.hpp).
inline constexpr const char* kRowNames = "row name";

/// Per cell: what the perturbation column and, where there is one, a boolean `is_control` column say.
struct PerturbationLabels {
    Column column;                      ///< as labels
    std::vector<bool> is_control_cell;  ///< from `is_control`; empty when the labels name the controls themselves
};

/// Finds the column of perturbation labels: --pert-col, or the first of the usual names that holds a control label.
/// Fills the report's pert_col, pert_col_reason, labels and obs_columns.
/// @param measured gene names
/// @throws UserError: no such column (naming those there are), or no control in it (with its most frequent labels)
PerturbationLabels find_perturbation_labels(const ObsTable& obs, const std::vector<std::string>& measured,
                                            const ScreenOptions& options, ScreenReport& report);

/// The context column by name, or the first of the usual ones with 2 to 64 values that all have control cells
/// (`min_cells` of them); a column of one value, "all", when there is none.
/// @param control per cell
Column find_contexts(const ObsTable& obs, const std::vector<bool>& control, const ScreenOptions& options,
                     ScreenReport& report);

/// The batch column by name, or the first of the usual ones that has more than one value; a column of one value,
/// "all", when there is none. Cells without a batch get one of their own, "(missing)".
Column find_batches(const ObsTable& obs, const ScreenOptions& options, ScreenReport& report);

/// Names that find_* look for: a text reader takes such a column for labels even where it holds numbers.
bool is_usual_label_column(const std::string& name);

}  // namespace lazynet
