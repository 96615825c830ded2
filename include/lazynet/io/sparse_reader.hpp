#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/io/number_dataset.hpp"

namespace lazynet::io {

/// Sorts each row's genes and adds up entries that occur twice (as scipy reads them), where that is needed.
/// @param where file and dataset, for messages  @throws UserError when a gene index is outside [0, genes)
void make_canonical(CsrRows& rows, Index genes, const std::string& where);

/// The three arrays of a compressed sparse matrix in a group: `indptr`, `indices`, `data`.
struct SparseArrays {
    /// @param lines length of the compressed axis  @throws UserError naming the dataset when they do not fit together
    SparseArrays(const std::string& file, hid_t root, const std::string& group, Index lines, const std::string& shape);
    std::vector<std::int64_t> offsets;
    NumberDataset indices;
    NumberDataset data;
    [[nodiscard]] Index stored() const { return offsets.back(); }
    /// The line that holds the stored entry at `position`.
    [[nodiscard]] Index line_of(std::int64_t position) const;
};

/// What both compressed layouts have in common.
class SparseReader : public MatrixReader {
public:
    [[nodiscard]] Index cells() const override { return cells_; }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return arrays_.stored(); }
    [[nodiscard]] std::string layout() const override { return layout_; }
    [[nodiscard]] std::string storage() const override { return arrays_.data.storage(); }

protected:
    /// @param lines length of the compressed axis
    SparseReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes, Index lines,
                 std::string layout);
    /// Stored entries, on average; at least 1.
    [[nodiscard]] double entries_per_cell() const;
    SparseArrays arrays_;

private:
    Index cells_;
    Index genes_;
    std::string layout_;
};

/// Compressed by cell: any range of cells is one contiguous read. Holds the offsets (8 bytes per cell), nothing else.
class CsrReader final : public SparseReader {
public:
    /// @param layout what layout() says ("csr", "10x h5")
    CsrReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes,
              std::string layout);
    [[nodiscard]] ValueSample sample(Index entries) override;
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override;
    void read(Range range, CsrRows& out) override;
};

/// Compressed by gene: a range of cells needs a scan of all entries, in slices of bounded size; what is kept is held
/// twice while it is put in row order.
class CscReader final : public SparseReader {
public:
    CscReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes);
    [[nodiscard]] ValueSample sample(Index entries) override;
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override;
    void read(Range range, CsrRows& out) override;
};

}  // namespace lazynet::io
