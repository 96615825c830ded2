#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/normalize.hpp"

namespace lazynet {

/// A perturbation in a context: a row of the pseudobulk table and of the results.
struct Condition {
    std::string perturbation;    ///< canonical label: members sorted and joined by '+'; "control" for controls
    Index context = 0;           ///< index into Screen::contexts
    std::vector<Index> targets;  ///< indices on the regulator axis, ascending; empty for controls
    Index cells = 0;
    [[nodiscard]] bool is_control() const { return targets.empty(); }
};

/// What one screen holds, without its expression values: genes, conditions, and which cell belongs where.
///
/// Regulator axis: the measured genes, in order, followed by the perturbed genes that are not measured.
struct Screen {
    std::string name;                     ///< file name without folder and extension
    std::vector<std::string> genes;       ///< measured genes (columns of the expression matrix)
    std::vector<std::string> unmeasured;  ///< perturbed genes that are not measured, sorted
    std::vector<std::string> contexts;    ///< at least one; "all" when there is no context column
    std::vector<std::string> batches;     ///< at least one; "all" when there is no batch column
    std::vector<Condition>
        conditions;  ///< first one control per context (context order), then by (perturbation, context)
    std::vector<std::int32_t> cell_condition;  ///< per cell of the file; -1: left out (see the notes of inspect)
    std::vector<std::int32_t> cell_batch;      ///< per cell of the file
    bool rows_are_conditions = false;          ///< a "cell" is a mean profile; most conditions have one
    bool nonnegative = true;                   ///< values are expression; else they may have either sign
    /// Where rows are conditions: sampling variance of a value of the mean, per condition; empty: not known.
    std::vector<double> noise;
    std::vector<std::int32_t> gene_of_column;  ///< per column of the file: index into genes; -1: dropped
    std::string path;                          ///< of the file, for messages; empty where the screen is from none

    [[nodiscard]] const std::string& where() const { return path.empty() ? name : path; }
    /// Cells tell their own noise, mean profiles do not.
    [[nodiscard]] bool knows_noise() const { return !rows_are_conditions || !noise.empty(); }
    [[nodiscard]] Index regulators() const { return static_cast<Index>(genes.size() + unmeasured.size()); }
    [[nodiscard]] const std::string& regulator(Index j) const {
        const auto g = static_cast<Index>(genes.size());
        return j < g ? genes[static_cast<std::size_t>(j)] : unmeasured[static_cast<std::size_t>(j - g)];
    }
};

}  // namespace lazynet
