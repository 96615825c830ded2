#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>

#include "lazynet/core/types.hpp"
#include "lazynet/io/h5.hpp"

/// Matrices of an AnnData file whose values come later: all ranks fill what was declared, one rank fills what was
/// created or grows. Places, bytes and errors as in anndata_elements.hpp.
namespace lazynet::io {

/// A rows x cols float32 dataset whose place in the file is fixed and whose values are not written yet. From 4 MiB on
/// it is chunked by whole rows of about 2 MiB, below contiguous.
void declare_dense(hid_t parent, const std::string& where, Index rows, Index cols);
/// Bytes that it takes in the file: its last chunk is a whole one.
std::uint64_t dense_bytes(Index rows, Index cols);
/// A csr_matrix of exactly `per_row` entries in every row: `indptr` is written, `indices` and `data` (float32) are only
/// given their place. Indices are int32, from 2^31 entries on int64.
void declare_csr(hid_t parent, const std::string& where, Index rows, Index cols, Index per_row);

enum class Compression { none, gzip };

/// A rows x cols float32 dataset, filled by write_rows; one row to a chunk when compressed.
Handle create_dense(hid_t parent, const std::string& where, Index rows, Index cols, Compression compression);
/// Writes whole rows from `first` on; `values` is row-major.
void write_rows(hid_t matrix, Index first, std::span<const float> values);

/// The group of a csr_matrix; data, indices and indptr are to be written into it.
Handle create_csr(hid_t parent, const std::string& where);
/// The attribute that says how large a csr_matrix is.
void write_shape(hid_t matrix, Index rows, Index cols);
/// Its `indptr`, as int64 if `wide`, otherwise int32, like its `indices`: scipy takes a matrix whose two kinds of
/// indices differ in type, then fails in half of what it does with it.
void write_row_starts(hid_t matrix, std::span<const std::int64_t> starts, bool wide);

/// A 1-D array that grows at its end, in chunks.
class GrowingArray {
public:
    GrowingArray() = default;
    /// @param type the type in the file, for example H5T_IEEE_F32LE
    GrowingArray(hid_t parent, const std::string& where, hid_t type, Compression compression);
    /// At most this many bytes of the file does `n` more elements of `size` bytes take, but for HDF5's book-keeping.
    static std::uint64_t room_for(std::size_t n, std::size_t size);
    void append(std::span<const float> values) { append(values.data(), values.size(), H5T_NATIVE_FLOAT); }
    void append(std::span<const std::int32_t> values) { append(values.data(), values.size(), H5T_NATIVE_INT32); }
    [[nodiscard]] Index size() const { return static_cast<Index>(size_); }

private:
    void append(const void* values, std::size_t n, hid_t type);
    Handle dataset_;
    hsize_t size_ = 0;
};

}  // namespace lazynet::io
