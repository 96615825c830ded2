#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "lazynet/core/types.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/table.hpp"

/// The elements of AnnData's on-disk format (https://anndata.readthedocs.io, "On-disk format", 0.8 and later), written
/// whole, with HDF5's serial driver. Every function takes an open file or group and the element's place in it, like
/// "uns/lazynet/seed"; groups on the way are made. No time stamps, little-endian: the same calls give the same bytes.
/// All throw UserError with HDF5's reason. For matrices that come piece by piece see anndata_matrices.hpp.
namespace lazynet::io {

using Number = std::variant<std::int64_t, double>;

/// An AnnData file without elements. An existing file is replaced.
Handle create_anndata(const std::string& path);
/// Adds the groups readers expect and that are not there yet: layers, obsm, varm, obsp, varp, uns.
void complete_anndata(hid_t file);

/// Where an element goes: an open group and the name in it.
struct Place {
    Handle group;
    std::string name;
};
/// Makes the groups on the way.
Place place_of(hid_t parent, const std::string& where);
/// What anndata asks every object for.
void write_encoding(hid_t object, const std::string& type, const std::string& version);
/// An empty group of the given encoding.
Handle create_group(const Place& to, const std::string& type, const std::string& version);

/// @throws InternalError if columns differ in length, or a column's name cannot be stored
void write_table(hid_t parent, const std::string& where, const Table& table);
void write_text(hid_t parent, const std::string& where, const std::string& text);
void write_number(hid_t parent, const std::string& where, Number number);
void write_strings(hid_t parent, const std::string& where, std::span<const std::string> strings);
void write_array(hid_t parent, const std::string& where, std::span<const double> values);
void write_array(hid_t parent, const std::string& where, std::span<const float> values);
void write_array(hid_t parent, const std::string& where, std::span<const std::int64_t> values);
void write_array(hid_t parent, const std::string& where, std::span<const std::int32_t> values);

}  // namespace lazynet::io
