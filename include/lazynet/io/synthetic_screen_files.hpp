#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/data/simulator/screen.hpp"
#include "lazynet/io/anndata_matrices.hpp"
#include "lazynet/io/table.hpp"
#include "lazynet/io/temporary_file.hpp"

namespace lazynet::io {

/// The drawn counts of consecutive cells.
struct CountsChunk {
    std::vector<std::int64_t> cell_end;  ///< per cell: where its entries end
    std::vector<std::int32_t> columns;
    std::vector<float> counts;
};

/// The cells of a synthetic screen on their way into an h5ad file, in cell order. One rank.
///
/// X is a csr_matrix of float32. Its indices and indptr are int32, as scipy's own are, unless there may be more than
/// 2^31 - 1 non-zeros; then both are int64, because scipy fails on two kinds in one matrix.
class CountsFile {
public:
    /// Both must outlive this.
    CountsFile(TemporaryFile& unfinished, const simulator::SyntheticScreen& screen, Compression compression);

    /// @throws UserError when the disk is full, with enough left to close the file in order
    void append(const CountsChunk& chunk);
    /// Everything but the counts, then closes the file; returns the number of non-zeros.
    Index finish(const std::string& options_json);

private:
    [[nodiscard]] Table cell_table() const;
    /// Space for `bytes` more, and for what HDF5 writes of its own accord.
    void reserve(std::uint64_t bytes) const;

    TemporaryFile* unfinished_;
    const simulator::SyntheticScreen* screen_;
    bool wide_;
    Handle file_;
    Handle x_;
    GrowingArray data_;
    GrowingArray indices_;
    std::vector<std::int64_t> row_end_;
};

/// The noise-free responses: conditions x genes.
void write_truth(TemporaryFile& unfinished, const simulator::SyntheticScreen& screen, Compression compression,
                 const std::string& options_json);

/// The true edges, as text with a header.
std::string edges_text(const simulator::SyntheticScreen& screen, std::span<const simulator::Edge> edges);
/// The prior, as text with a header.
std::string prior_text(const simulator::SyntheticScreen& screen, std::span<const simulator::PriorEdge> prior);

/// About how many non-zeros the counts will have.
double forecast_nonzeros(const simulator::SyntheticScreen& screen);

}  // namespace lazynet::io
