#pragma once

#include <cstddef>
#include <span>

namespace lazynet {

/// Takes in packed cells (cell_piece.hpp) as they arrive, in any order.
class PieceSink {
public:
    virtual ~PieceSink() = default;
    /// Room for at least `bytes` more bytes of pieces; write there, then tell keep() how many were used.
    virtual std::byte* room(std::size_t bytes) = 0;
    /// Takes in the piece(s) written to the start of room().
    virtual void keep(std::size_t bytes) = 0;
    /// Takes in copies of pieces that lie one after the other.
    virtual void add(std::span<const std::byte> pieces) = 0;
};

}  // namespace lazynet
