#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/table.hpp"

/// The elements of AnnData's on-disk format (https://anndata.readthedocs.io, "On-disk format", 0.8 and later), written
/// with HDF5's serial driver. Every function takes the open file and the element's place in it, like
/// "uns/lazynet/seed"; groups on the way are made. No time stamps, little-endian: the same calls give the same bytes.
/// All throw UserError with HDF5's reason.
namespace lazynet::io {

using Number = std::variant<std::int64_t, double>;

/// An AnnData file without elements. An existing file is replaced.
Handle create_anndata(const std::string& path);
/// Adds the groups readers expect and that are not there yet: layers, obsm, varm, obsp, varp, uns.
void complete_anndata(hid_t file);

/// @throws InternalError if columns differ in length, or a column's name cannot be stored
void write_table(hid_t file, const std::string& where, const Table& table);
void write_text(hid_t file, const std::string& where, const std::string& text);
void write_number(hid_t file, const std::string& where, Number number);
void write_strings(hid_t file, const std::string& where, std::span<const std::string> strings);
void write_array(hid_t file, const std::string& where, std::span<const double> values);
void write_array(hid_t file, const std::string& where, std::span<const std::int64_t> values);

/// A rows x cols float32 dataset whose place in the file is fixed and whose values are not written yet. From 4 MiB on
/// it is chunked by whole rows of about 2 MiB, below contiguous.
void declare_dense(hid_t file, const std::string& where, Index rows, Index cols);
/// A csr_matrix of exactly `per_row` entries in every row: `indptr` is written, `indices` (int32) and `data` (float32)
/// are only given their place.
void declare_csr(hid_t file, const std::string& where, Index rows, Index cols, Index per_row);

}  // namespace lazynet::io
