#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/io/h5.hpp"

namespace lazynet::io::h5ad {

/// The elements of AnnData's on-disk format, written with the serial driver.
///
/// Each function makes one object with the `encoding-type` and `encoding-version` anndata asks for. No object keeps
/// a time, so the same calls give the same bytes. Numbers are little-endian. All throw UserError with HDF5's reason.

enum class Compression { none, gzip };

/// A new file (an old one is truncated) with the root attributes of an AnnData object.
Handle create_file(const std::string& path);
/// A group of the given encoding; "dict" for the open-ended ones (uns, obsm, ...).
Handle create_group(hid_t parent, const std::string& name, const std::string& type = "dict",
                    const std::string& version = "0.1.0");

void write_encoding(hid_t object, const std::string& type, const std::string& version);
void write_attribute(hid_t object, const std::string& name, const std::string& value);
void write_attribute(hid_t object, const std::string& name, std::span<const std::string> values);
void write_attribute(hid_t object, const std::string& name, std::span<const std::int64_t> values);

void write_string(hid_t parent, const std::string& name, const std::string& value);
void write_strings(hid_t parent, const std::string& name, std::span<const std::string> values);
void write_array(hid_t parent, const std::string& name, std::span<const float> values);
void write_array(hid_t parent, const std::string& name, std::span<const std::int32_t> values);
void write_array(hid_t parent, const std::string& name, std::span<const std::int64_t> values);
/// As h5py stores numpy's bool.
void write_booleans(hid_t parent, const std::string& name, const std::vector<bool>& values);
/// Unordered; codes in the smallest integer type that holds them, -1: missing.
void write_categorical(hid_t parent, const std::string& name, std::span<const std::int32_t> codes,
                       std::span<const std::string> categories);
/// A data frame with its index written; the columns named are to be written into it.
Handle create_dataframe(hid_t parent, const std::string& name, std::span<const std::string> index,
                        std::span<const std::string> columns);
/// The empty groups that readers expect in every file: layers, obsm, obsp, uns, varm, varp.
void create_empty_groups(hid_t file);

/// A dense rows x columns float32 matrix, filled by write_rows; one row to a chunk when compressed.
Handle create_matrix(hid_t parent, const std::string& name, Index rows, Index columns, Compression compression);
/// Writes whole rows from `first` on; `values` is row-major.
void write_rows(hid_t matrix, Index first, std::span<const float> values);

/// A 1-D dataset that grows at its end, in chunks.
class GrowingDataset {
public:
    GrowingDataset() = default;
    /// @param type the type in the file, for example H5T_IEEE_F32LE
    GrowingDataset(hid_t parent, const std::string& name, hid_t type, Compression compression);
    /// At most this many bytes of the file does `n` more elements of `size` bytes take, but for HDF5's book-keeping.
    static std::int64_t room_for(std::size_t n, std::size_t size);
    void append(std::span<const float> values) { append(values.data(), values.size(), H5T_NATIVE_FLOAT); }
    void append(std::span<const std::int32_t> values) { append(values.data(), values.size(), H5T_NATIVE_INT32); }
    [[nodiscard]] Index size() const { return static_cast<Index>(size_); }

private:
    void append(const void* values, std::size_t n, hid_t type);
    Handle dataset_;
    hsize_t size_ = 0;
};

/// Everything to the file system, so that an error shows here and not in a destructor.
void flush(hid_t file);

/// How many bytes of the file are in use so far.
std::int64_t used_bytes(hid_t file);
/// The same of a closed file.
std::int64_t used_bytes(const std::string& path);

}  // namespace lazynet::io::h5ad
