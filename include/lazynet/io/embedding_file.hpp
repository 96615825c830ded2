#pragma once

#include <string>

#include "lazynet/data/gene_embedding.hpp"

namespace lazynet::io {

/// Reads gene vectors (`--gene-embedding`). Not collective.
///
/// - text, plain or gzipped: one gene per line, `gene, v1, v2, ...`, separated by tabs, commas or blanks; a header is
///   recognised by fields that are not numbers, word2vec's first line by its two numbers (genes and dimensions).
/// - `FILE.h5ad`: genes are obs, X holds their vectors.
/// - `FILE.h5ad:varm/NAME` or `FILE.h5ad:obsm/NAME`: a matrix beside the genes in var, or in obs.
/// - `FILE.h5ad:layers/NAME`: instead of X.
///
/// @throws UserError naming file, line or row, gene: named twice, rows of different lengths, values that are no finite
///         numbers, nothing in it
GeneEmbedding read_gene_embedding(const std::string& path);

}  // namespace lazynet::io
