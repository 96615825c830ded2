#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Sparse rows (CSR): row p holds `values[k]` in column `columns[k]` for k in [offsets[p], offsets[p + 1]).
struct SparseRows {
    std::span<const std::int64_t> offsets;
    std::span<const std::int32_t> columns;
    std::span<const float> values;
    [[nodiscard]] Index rows() const { return static_cast<Index>(offsets.size()) - 1; }
    [[nodiscard]] Index stored() const { return static_cast<Index>(values.size()); }
};

/// A batch of sparse rows turned to column order: entries of one column lie together.
///
/// A batch of cells touches nearly every gene, and a gene's weights are a row of a matrix much larger than the
/// cache, while the batch's hidden units fit it: so the gene is the outer loop and its weights are read once.
class SparseBatch {
public:
    /// Takes over `rows` (batch x columns). Buffers are kept for the next batch.
    void assign(const SparseRows& rows, Index columns);
    [[nodiscard]] Index rows() const { return rows_; }
    [[nodiscard]] Index columns() const { return static_cast<Index>(offsets_.size()) - 1; }
    [[nodiscard]] Index stored() const { return static_cast<Index>(values_.size()); }

    /// out (rows, H) += batch (rows, columns) * dense (columns, H).
    void times(ConstMatrixView dense, MatrixView out) const;
    /// out (columns, H) += batch' (columns, rows) * dense (rows, H).
    void transposed_times(ConstMatrixView dense, MatrixView out) const;

private:
    Index rows_ = 0;
    std::vector<std::int64_t> offsets_;
    std::vector<std::int32_t> row_;
    std::vector<float> values_;
    std::vector<std::int64_t> cursor_;
};

/// out (rows, H) += rows (rows, columns) * dense (columns, H), row by row: for few entries per row.
void sparse_times(const SparseRows& rows, ConstMatrixView dense, MatrixView out);

/// out (columns, H) += rows' * dense (rows, H), row by row: for few entries per row.
void sparse_transposed_times(const SparseRows& rows, ConstMatrixView dense, MatrixView out);

}  // namespace lazynet
