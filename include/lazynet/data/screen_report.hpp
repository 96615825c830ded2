#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// How many cells carry one label, or were left out for one reason.
struct CellCount {
    std::string label;
    Index cells = 0;
};

/// What was found in an input file, and how it was understood: everything `lazynet inspect` prints.
struct ScreenReport {
    std::string path;
    std::string format;  ///< "h5ad", "10x h5", "10x mtx", "csv"
    std::string matrix;  ///< where the values are in the file: "X", "layers/counts", "raw/X", "matrix", "matrix.mtx.gz"
    std::string layout;  ///< MatrixReader::layout()
    std::string storage;  ///< MatrixReader::storage(): number type and compression
    Index cells = 0;
    Index columns = 0;         ///< columns of the matrix, before any gene is dropped
    Index stored = -1;         ///< stored entries
    double zeros = -1;         ///< share of zeros among cells x columns; a negative number: not known
    bool zeros_exact = false;  ///< false: estimated from a sample

    std::string normalization;  ///< "counts", "log1p", "none", or "" when it could not be told
    std::string normalization_reason;

    bool rows_are_conditions = false;
    std::string rows_reason;

    std::string gene_names_from;          ///< "var/_index", "var/gene_name", ...
    std::vector<std::string> duplicates;  ///< gene names that occur more than once, file order
    Index genes_dropped = 0;              ///< duplicates and genes outside --genes
    Index genes_not_found = 0;            ///< names in --genes that are not in the file

    std::vector<std::string> obs_columns;  ///< label columns there are
    std::string pert_col;
    std::string pert_col_reason;
    std::string context_col;              ///< "" = none
    std::string batch_col;                ///< "" = none
    std::vector<CellCount> labels;        ///< labels of pert_col as in the file, most frequent first
    std::vector<CellCount> controls;      ///< those of them that mean control
    std::vector<std::string> separators;  ///< those that split at least one label
    std::vector<CellCount> left_out;      ///< by reason; reasons with cells only
    Index cells_used = 0;
    Index control_cells = 0;                   ///< used ones
    Index conditions = 0;                      ///< (perturbation, context) with enough cells
    std::vector<Index> perturbation_cells;     ///< used cells of each perturbation, contexts together, ascending
    std::vector<Index> perturbations_by_size;  ///< [k]: perturbations of k genes; [0] unused
    std::vector<CellCount> contexts;
    std::vector<CellCount> batches;
    std::vector<std::string> unmeasured;  ///< perturbed genes that are not measured, sorted

    std::vector<std::string> notes;     ///< worth knowing
    std::vector<std::string> problems;  ///< why it would not train, each with what to do; empty: it would
};

}  // namespace lazynet
