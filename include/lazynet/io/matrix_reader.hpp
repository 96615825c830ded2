#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/value_sample.hpp"

namespace lazynet::io {

/// Some rows (cells) of a cells x genes matrix, sparse. Row r of the chunk is [offsets[r], offsets[r + 1]) of
/// `genes` and `values`; gene indices ascend within a row and occur once; stored zeros may occur.
/// Buffers are reused from read to read, so their capacity grows to the largest chunk and stays.
struct CsrRows {
    std::vector<std::int64_t> offsets;
    std::vector<std::int32_t> genes;
    std::vector<float> values;
    [[nodiscard]] Index rows() const { return static_cast<Index>(offsets.size()) - 1; }
};

/// Bytes of one stored entry in CsrRows.
inline constexpr double kEntryBytes = sizeof(std::int32_t) + sizeof(float);

/// How many cells fit `bytes` bytes: 1 to `cells`, even where one is too large.
Index cells_within(std::size_t bytes, double bytes_per_cell, Index cells);

/// The offsets of `rows` among `offsets`, counted from their own first entry; returns which entry that is.
std::int64_t take_offsets(std::span<const std::int64_t> offsets, Range rows, std::vector<std::int64_t>& out);

/// Streams the expression matrix of one input file, whatever its layout. Not collective: each rank opens its own
/// reader and reads the cells it wants.
class MatrixReader {
public:
    virtual ~MatrixReader() = default;
    [[nodiscard]] virtual Index cells() const = 0;
    [[nodiscard]] virtual Index genes() const = 0;
    /// Number of stored entries (dense: cells * genes); -1 when it cannot be known without reading everything.
    [[nodiscard]] virtual Index stored() const = 0;
    /// "csr", "csc", "dense", "10x h5", "10x mtx", "csv".
    [[nodiscard]] virtual std::string layout() const = 0;
    /// Number type and compression as stored, "float64, gzip" for example; for people.
    [[nodiscard]] virtual std::string storage() const { return ""; }
    /// About `entries` stored entries spread over the file; cheap. Here: some rows, evenly spaced.
    [[nodiscard]] virtual ValueSample sample(Index entries);
    /// How many cells fit one read of about `bytes` bytes of CsrRows, at least 1. For layouts that must scan the
    /// whole file for any cell range (csc, mtx, csv) callers should ask for few large ranges.
    [[nodiscard]] virtual Index cells_per_read(std::size_t bytes) const = 0;
    /// Fills `out` with the cells of `range`, as stored in the file (no normalisation).
    /// @throws UserError naming file and dataset when the file is truncated, or a filter is unknown
    virtual void read(Range range, CsrRows& out) = 0;
};

}  // namespace lazynet::io
