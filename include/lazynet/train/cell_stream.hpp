#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"

namespace lazynet::train {

/// Cells of one file in order, a batch at a time: only cells that belong to a condition, only genes of the screen,
/// every value checked. Not collective.
///
/// A batch is small (1 MB, so it stays in the cache: twice as fast as 64 MB) unless the layout has to be scanned whole
/// for every read; then it is 256 MB.
class CellStream {
public:
    /// @throws InternalError when reader and screen do not belong together
    CellStream(io::MatrixReader& reader, const Screen& screen, Normalization normalization, Range cells);

    /// Reads the next batch; false when there is none left.
    /// @throws UserError naming file, cell, gene and value of the first one that cannot be
    bool next();

    /// One cell of the batch.
    struct Cell {
        Index cell;  ///< in the file
        std::int32_t condition;
        float scale;                          ///< expression = log1p(value * scale), or value when already log1p
        std::span<const std::int32_t> genes;  ///< of the screen, ascending
        std::span<const float> values;        ///< as in the file
    };
    [[nodiscard]] Index cells() const { return static_cast<Index>(kept_.size()); }
    [[nodiscard]] Cell cell(Index i) const;
    /// Entries of the batch.
    [[nodiscard]] Index stored() const { return rows_.offsets.back(); }
    /// Cells of the file not read yet.
    [[nodiscard]] Index left() const { return todo_.size(); }

private:
    void keep_conditions(Range range);
    void check();
    void keep_genes();
    [[noreturn]] void refuse(Index position) const;

    io::MatrixReader& reader_;
    const Screen& screen_;
    Normalization normalization_;
    Range todo_;
    Index step_;
    bool all_genes_;
    io::CsrRows rows_;
    std::vector<Index> kept_;  ///< cell of the file, per row
    std::vector<float> scales_;
};

}  // namespace lazynet::train
