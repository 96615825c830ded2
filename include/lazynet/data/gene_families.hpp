#pragma once

#include <set>
#include <string>
#include <vector>

#include "lazynet/data/gene_embedding.hpp"

namespace lazynet {

/// Families as gene symbols tell them: genes whose symbols begin alike (RPL3 and RPL31, PSMA1 and PSMB2, CEBPA and
/// CEBPB) are mostly paralogues or parts of one complex, and act alike when perturbed. Every beginning of three or more
/// characters that at least two of `known` share is a dimension; genes have 1 where their symbol begins so. Ensembl
/// identifiers say nothing and have zeros.
///
/// @param names genes to place  @param known perturbed genes, which decide what the dimensions are
/// @param most dimensions to keep: those that most of `known` share
GeneEmbedding gene_families(const std::set<std::string>& names, const std::vector<std::string>& known, Index most);

}  // namespace lazynet
