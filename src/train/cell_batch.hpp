#pragma once

#include <vector>

#include "lazynet/kernels/sparse.hpp"
#include "lazynet/train/cell_shard.hpp"

namespace lazynet::train {

/// Growing CSR rows; buffers are kept.
struct RowsBuffer {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    void clear() {
        offsets.assign(1, 0);
        columns.clear();
        values.clear();
    }
    void add(Index column, float value) {
        columns.push_back(static_cast<std::int32_t>(column));
        values.push_back(value);
    }
    void end_row() { offsets.push_back(static_cast<std::int64_t>(columns.size())); }
    [[nodiscard]] SparseRows rows() const { return {offsets, columns, values}; }
};

/// Model inputs of cells: expression / scale, the pair's shifts, and the constant that carries the biases. The control
/// mean is not subtracted here (that would fill the row) but once per context, see MeanRemover.
class CellInputs {
public:
    CellInputs(const CellPairs& cells, const Pairs& pairs) : cells_(cells), pairs_(pairs) {}
    /// One row: control cell `pre`, shifted by `pair` (-1: not at all).
    void append(std::int64_t pre, Index pair, RowsBuffer& out) const;

private:
    const CellPairs& cells_;
    const Pairs& pairs_;
};

/// Differences post - pre of a block's genes, merged.
class CellDifferences {
public:
    CellDifferences(const CellPairs& cells, Range genes);
    /// Appends the row's entries without those of `own` outputs (ascending); returns their squared norm. The caller
    /// adds the own outputs and ends the row.
    double append(std::int64_t post, std::int64_t pre, std::span<const std::int32_t> own, RowsBuffer& out);

private:
    const CellPairs& cells_;
    Range genes_;
    std::vector<float> sum_;
    std::vector<std::int32_t> touched_;
    std::vector<char> seen_;
};

/// Takes the control mean out of a batch: z -= mean A before the activation, and the matching gradient after.
class MeanRemover {
public:
    explicit MeanRemover(const CellPairs& cells) : cells_(cells) {}
    /// Every row of z becomes -mean(context) A. `contexts` per row.
    void start(const LazyNet& net, std::span<const std::int32_t> contexts, Matrix& z);
    /// da -= mean(context)' * sum of dz over the context's rows.
    void finish(std::span<const std::int32_t> contexts, const Matrix& dz, Matrix& da) const;

private:
    const CellPairs& cells_;
    Matrix base_;
};

}  // namespace lazynet::train
