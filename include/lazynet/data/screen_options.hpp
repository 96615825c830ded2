#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// How one input file becomes a Screen. Empty text means: find out.
struct ScreenOptions {
    std::string path;                       ///< h5ad, 10x h5, 10x mtx folder, CSV or TSV
    std::string pert_col;                   ///< obs column of perturbation labels
    std::vector<std::string> control;       ///< labels of control cells; each may be a comma list
    std::string separator;                  ///< between the genes of a label; "none": labels are never split
    std::string context_col;                ///< obs column of cell types, lines, times; "none": one context
    std::string batch_col;                  ///< obs column of batches; "none": one batch
    std::string layer;                      ///< "": X; "raw": raw/X; otherwise layers/<layer>
    std::string gene_names;                 ///< var column of gene names; "index": the index as it is
    std::string obs_file;                   ///< CSV/TSV of labels, first column = barcode (for files without labels)
    std::string genes_file;                 ///< keep these genes only (one per line) and the measured perturbed ones
    std::string duplicate_genes = "error";  ///< error, first, drop, suffix
    std::string normalization = "auto";     ///< auto, counts, log1p, none
    std::string rows = "auto";              ///< what a row is: auto, cells, conditions
    std::string noise_file;          ///< CSV/TSV of rows' names and sampling variances, where rows are conditions
    std::vector<std::string> where;  ///< keep cells with `column op value`; op one of > >= < <= == !=
    bool needs_controls = true;      ///< false: predictions, which may come without controls
    Index min_cells = 10;            ///< cells a (perturbation, context) needs, and a context's controls

    /// Whether rows are conditions if no condition has two: asked for, or not expression of cells.
    [[nodiscard]] bool may_hold_conditions() const {
        return rows == "conditions" || (rows == "auto" && normalization == "none");
    }
    /// @throws UserError naming the option when a value is not one of its choices
    void validate() const;
};

}  // namespace lazynet
