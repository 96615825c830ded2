#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/data/screen.hpp"

namespace lazynet {

/// The genes of a screen, and which column of the file each comes from.
struct GeneAxis {
    std::vector<std::string> genes;
    std::vector<std::int32_t> gene_of_column;  ///< -1: dropped
};

/// Names that occur more than once, in the order of their first occurrence.
std::vector<std::string> duplicate_names(const std::vector<std::string>& names);

/// One gene per column, with duplicates resolved: "first" keeps the first of each, "drop" none of them, "suffix" all
/// as NAME, NAME-1, NAME-2 ...
/// @throws UserError with mode "error" if there are duplicates, naming up to five and the remedy
GeneAxis resolve_duplicates(const std::vector<std::string>& columns, const std::string& mode);

/// Keeps the genes with keep[gene], in order: shortens genes, remaps gene_of_column and the conditions' targets. A
/// perturbed gene that is dropped becomes an unmeasured one.
void select_genes(Screen& screen, const std::vector<bool>& keep);

/// For select_genes: the named genes and all measured perturbed ones. `not_found` counts names that are not measured.
std::vector<bool> named_or_perturbed(const Screen& screen, const std::vector<std::string>& names, Index& not_found);

}  // namespace lazynet
