#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/io/h5.hpp"

/// Making HDF5 objects so that the same calls give the same bytes: without time stamps. All throw UserError with HDF5's
/// reason.
namespace lazynet::io {

/// Extents; empty: a scalar.
using Extents = std::vector<hsize_t>;
bool is_empty(const Extents& shape);

/// A property list for making a file, group or dataset. HDF5 stamps objects with the time of their making by default.
Handle untimed(hid_t object_class);
/// h5py's boolean: an enumeration of one byte.
Handle boolean_type();
std::vector<const char*> pointers(std::span<const std::string> strings);

/// @param maximum how far it may grow later; empty: not at all
Handle create_dataset(hid_t parent, const std::string& name, hid_t type, const Extents& shape, hid_t properties,
                      const Extents& maximum = {});
void write_attribute(hid_t object, const std::string& name, hid_t type, const Extents& shape, const void* values);
void write_attribute(hid_t object, const std::string& name, const std::string& text);

/// How many bytes of an open file are in use so far.
std::uint64_t used_bytes(hid_t file);
/// The same of a closed file.
std::uint64_t used_bytes(const std::string& path);

}  // namespace lazynet::io
