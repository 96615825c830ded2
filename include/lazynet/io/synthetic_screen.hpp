#pragma once

#include <cstdint>
#include <string>

#include "lazynet/core/log.hpp"
#include "lazynet/data/simulator/screen.hpp"
#include "lazynet/io/anndata_matrices.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::io {

/// The four files of a synthetic screen.
struct SyntheticScreenFiles {
    /// `screen.h5ad` (or any other name) and, beside it, `.truth.h5ad`, `.edges.tsv`, `.prior.tsv` instead of `.h5ad`.
    static SyntheticScreenFiles beside(const std::string& screen);
    std::string screen;  ///< raw counts, cells x genes
    std::string truth;   ///< noise-free log1p(CP10k), conditions x genes, held-out conditions included
    std::string edges;   ///< true direct edges with their constants
    std::string prior;   ///< the edges, corrupted
};

/// What was written.
struct SyntheticScreenReport {
    Index nonzeros = 0;
    Index edges = 0;
    Index prior_edges = 0;
    std::int64_t bytes = 0;  ///< all files
};

/// About how large the files will be, in bytes, uncompressed.
double forecast_bytes(const simulator::SyntheticScreen& screen);

/// Draws all cells and writes the files; returns the report on every rank.
///
/// Collective. Ranks draw chunks of cells in parallel, the root writes them in cell order while the next are drawn, so
/// memory is bounded by a few chunks per rank and the bytes do not depend on the number of ranks. With gzip and more
/// than one rank the root only writes. The files appear together at the end, or not at all.
/// @param options_json stored in `uns/simulation` of both h5ad files
/// @throws AgreedError when a file cannot be written or the disk is full
SyntheticScreenReport write_synthetic_screen(const mpi::Communicator& world, simulator::SyntheticScreen& screen,
                                             const SyntheticScreenFiles& files, Compression compression,
                                             const std::string& options_json, Log& log);

}  // namespace lazynet::io
