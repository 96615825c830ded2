#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/large_buffer.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/piece_sink.hpp"
#include "lazynet/kernels/moments.hpp"

namespace lazynet {

/// Means and variances of conditions x genes, from cells that arrive in any order, as pieces (cell_piece.hpp).
///
/// Adding a cell at once would touch one cache line of a table far larger than the caches for nearly every entry.
/// So pieces wait, packed, until there is no room left, and are then added condition by condition, each row of the
/// table passing through the cache once. When all pieces fit there is no table, only one row.
///
/// Memory: `capacity` bytes, touched as they fill; once they overflow also conditions x genes x 16 bytes; the result
/// (8 bytes per condition and gene) comes on top when finishing.
class CellStage : public PieceSink {
public:
    CellStage(Index conditions, Index genes, std::size_t capacity);

    /// @pre bytes <= capacity
    std::byte* room(std::size_t bytes) override;
    void keep(std::size_t bytes) override;
    /// No single piece may exceed the capacity.
    void add(std::span<const std::byte> pieces) override;

    struct Result {
        Matrix mean;      ///< conditions x genes
        Matrix variance;  ///< conditions x genes, n - 1; 0 for fewer than two cells
    };
    /// What has come in so far. @param cells per condition
    [[nodiscard]] Result finish(std::span<const Index> cells);

private:
    struct Piece {
        std::size_t at;  ///< in the buffer
        std::int32_t condition;
    };
    void sort_pieces();
    /// Adds the pieces from `piece` on that belong to `condition`; returns the first one that does not.
    std::size_t add_to_row(std::size_t piece, std::size_t condition, Moments* row) const;
    void take_row(Moments* row, std::size_t condition, Index cells, Result& result) const;
    [[nodiscard]] Moments* table_row(std::size_t condition) const;
    void spill();
    void clear();

    std::size_t conditions_;
    std::size_t genes_;
    LargeBuffer buffer_;
    std::size_t used_ = 0;
    std::vector<Piece> pieces_;
    LargeBuffer table_;  ///< conditions x genes Moments; empty until the first spill
};

}  // namespace lazynet
