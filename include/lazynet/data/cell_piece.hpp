#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/moments.hpp"
#include "lazynet/kernels/normalize.hpp"

namespace lazynet {

/// Genes one piece can span: their numbers travel as 16 bits.
inline constexpr Index kPieceGenes = Index{1} << 16;

/// A stretch of one cell's expression, packed into bytes, to be sent to whoever owns its genes and added there.
///
/// Counts up to 255 take 3 bytes an entry and get their logarithm only where they are added (a cell has few different
/// counts); everything else takes 6 bytes. In memory: this header, values, gene numbers (of the counts, then of the
/// values), counts, and padding to 8 bytes.
struct PieceHeader {
    std::int32_t condition = 0;
    std::int32_t first_gene = 0;  ///< in the owner's numbering; gene numbers count from it
    float scale = 0;              ///< of the counts, see check_rows
    std::uint32_t counts = 0;
    std::uint32_t values = 0;
    std::uint32_t largest = 0;  ///< count
    [[nodiscard]] std::size_t bytes() const {
        const std::size_t n = std::size_t{counts} + values;
        return (sizeof(PieceHeader) + values * sizeof(float) + n * sizeof(std::uint16_t) + counts + 7) / 8 * 8;
    }
};

/// What to pack: entries of one cell within kPieceGenes genes, ascending.
struct PieceSource {
    std::int32_t condition = 0;
    std::int32_t first_gene = 0;  ///< to be written into the header
    std::int32_t origin = 0;      ///< subtracted from `genes`
    float scale = 1;              ///< from check_rows
    std::span<const std::int32_t> genes;
    std::span<const float> values;  ///< as in the file, checked
};

/// No piece of `entries` entries is longer than this.
[[nodiscard]] constexpr std::size_t piece_bound(std::size_t entries) {
    return sizeof(PieceHeader) + 9 * entries + 8;
}

/// Writes one piece to `out` and returns its length. @pre room for piece_bound(source.genes.size()) bytes
std::size_t pack_piece(const PieceSource& source, Normalization kind, std::byte* out);

[[nodiscard]] PieceHeader piece_header(const std::byte* piece);

/// row[first_gene + gene] += the piece's log-normalised values.
void add_piece(const std::byte* piece, Moments* row);

}  // namespace lazynet
