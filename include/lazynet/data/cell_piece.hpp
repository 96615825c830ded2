#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/moments.hpp"
#include "lazynet/kernels/normalize.hpp"

namespace lazynet {

/// A stretch of one cell's expression, packed into bytes, to be sent to whoever owns its genes and added there.
///
/// Counts up to 255 take 2 bytes an entry, the gap to the gene before and the count; they get their logarithm only
/// where they are added, because a cell has few different counts. Everything else takes 5 bytes. Where a gap does not
/// fit a byte, empty entries that add nothing come between. In memory: this header, the values, gaps of the values,
/// gaps of the counts, the counts, and padding to 8 bytes.
struct PieceHeader {
    std::int32_t condition = 0;
    std::int32_t first_gene = 0;  ///< in the owner's numbering; where the first gap starts
    float scale = 0;              ///< of the counts, see check_rows
    std::uint32_t counts = 0;     ///< entries, empty ones included
    std::uint32_t values = 0;     ///< entries, empty ones included
    std::uint32_t largest = 0;    ///< count
    [[nodiscard]] std::size_t bytes() const {
        return (sizeof(PieceHeader) + std::size_t{values} * (sizeof(float) + 1) + std::size_t{counts} * 2 + 7) / 8 * 8;
    }
};

/// What to pack: at least one entry of one cell, genes ascending.
struct PieceSource {
    std::int32_t condition = 0;
    std::int32_t origin = 0;  ///< the owner's first gene
    float scale = 1;          ///< from check_rows
    std::span<const std::int32_t> genes;
    std::span<const float> values;  ///< as in the file, checked
};

/// Looks at the entries and says how they will be packed, and so how long the piece will be.
[[nodiscard]] PieceHeader plan_piece(const PieceSource& source, Normalization kind);

/// Writes one piece. @pre room for plan.bytes() bytes at `out`, aligned to 8
void write_piece(const PieceHeader& plan, const PieceSource& source, std::byte* out);

[[nodiscard]] PieceHeader piece_header(const std::byte* piece);

/// Adds the piece's log-normalised values to the row of its condition (own genes of the owner).
void add_piece(const std::byte* piece, Moments* row);

/// How far a piece has been unpacked: the next entry of its counts and of its values, and the genes before them.
struct PieceCursor {
    std::uint32_t count = 0;
    std::uint32_t value = 0;
    std::int32_t count_gene = 0;
    std::int32_t value_gene = 0;
};

/// Where a piece starts.
[[nodiscard]] PieceCursor piece_start(const PieceHeader& header);

/// Unpacked entries, log-normalised; no zeros.
struct PieceEntries {
    std::vector<std::int32_t> genes;  ///< of the owner
    std::vector<float> values;
};

/// Appends the entries from the cursor on whose genes are below `end`, and moves the cursor past them. The genes of
/// one call do not always ascend: counts come before values.
void unpack_piece(const std::byte* piece, PieceCursor& cursor, std::int32_t end, PieceEntries& out);

}  // namespace lazynet
