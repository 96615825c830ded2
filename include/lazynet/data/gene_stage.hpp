#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/large_buffer.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/cell_piece.hpp"
#include "lazynet/data/piece_sink.hpp"

namespace lazynet {

/// The log-normalised values above zero of some genes, one gene after the other. Column g is
/// [offsets[g], offsets[g + 1]) of `conditions` and `values`; conditions ascend within it, values of one condition are
/// in no particular order.
struct GeneColumns {
    std::vector<std::int64_t> offsets;
    std::vector<std::int32_t> conditions;
    std::vector<float> values;
    [[nodiscard]] Index genes() const { return static_cast<Index>(offsets.size()) - 1; }
};

/// Turns cells into genes: takes in packed cells in any order, and gives out all values of a gene, gene after gene.
///
/// Memory: the packed cells (2 bytes per count, 5 per log value, 56 per cell), and 20 bytes per entry of the genes that
/// are given out at a time.
class GeneStage : public PieceSink {
public:
    std::byte* room(std::size_t bytes) override;
    void keep(std::size_t bytes) override;
    void add(std::span<const std::byte> pieces) override;

    /// The next `genes` genes, from the first one on. All cells must be in.
    void next(Index genes, GeneColumns& out);

private:
    struct Piece {
        const std::byte* data;
        std::int32_t condition;
        PieceCursor cursor;
    };
    void unpack(std::int32_t end);
    void sort_by_gene(Index genes, GeneColumns& out);

    std::vector<LargeBuffer> buffers_;  ///< the last one is being filled
    std::size_t used_ = 0;              ///< of the last one
    std::vector<Piece> pieces_;
    std::int32_t given_ = 0;  ///< genes given out; pieces are in order of conditions once this is not 0
    PieceEntries entries_;    ///< of the genes that are being given out, in order of pieces
    std::vector<std::int32_t> entry_conditions_;
};

}  // namespace lazynet
