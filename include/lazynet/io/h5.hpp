#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet::io {

/// Owns one HDF5 identifier; `close` is the matching H5?close. Move-only.
class Handle {
public:
    Handle() = default;
    /// @throws UserError("cannot <what>: <HDF5's own reason>") if `id` is negative
    Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what);
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&& other) noexcept;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle();
    operator hid_t() const { return id_; }  // NOLINT: HDF5 calls take hid_t
    [[nodiscard]] bool valid() const { return id_ >= 0; }
    /// Gives the identifier up without closing it.
    hid_t release() { return std::exchange(id_, -1); }

private:
    hid_t id_ = -1;
    herr_t (*close_)(hid_t) = nullptr;
};

/// Throws UserError("cannot <what>: <HDF5's own reason>") if `status` is negative.
void require(herr_t status, const std::string& what);

/// The innermost message of HDF5's error stack, and clears the stack. HDF5 prints nothing by itself once any
/// function of this header has run.
std::string hdf5_reason();

/// Run-time and build-time HDF5 version, parallel or not, filters: for --version.
std::string hdf5_version();

/// Opens a file for reading with the serial driver, whoever else reads it, without locking.
/// @throws UserError naming the file: missing, not readable, not HDF5, or truncated
Handle open_for_reading(const std::string& path);

bool has_link(hid_t parent, const std::string& name);
/// Is there a group of that name?
bool is_group(hid_t parent, const std::string& name);
Handle open_group(hid_t parent, const std::string& name);
Handle open_dataset(hid_t parent, const std::string& name);
std::vector<std::string> link_names(hid_t group);
/// Extents of a dataset; empty for a scalar.
std::vector<hsize_t> dataset_shape(hid_t dataset);

/// A variable-length string. @param charset H5T_CSET_ASCII or H5T_CSET_UTF8
Handle string_type(H5T_cset_t charset = H5T_CSET_UTF8);

/// A block of a dataset: its first element and its extents, per dimension.
struct Slab {
    std::vector<hsize_t> start;
    std::vector<hsize_t> count;
};
/// Elements lie in memory as in the slab, `type` is theirs. @throws UserError("cannot <what>: <HDF5's own reason>")
void read_slab(hid_t dataset, hid_t type, const Slab& slab, void* out, const std::string& what);
void write_slab(hid_t dataset, hid_t type, const Slab& slab, const void* values, const std::string& what);

/// Reads elements [begin, end) of a 1-D dataset, converted to the asked type.
void read_slice(hid_t dataset, Range range, std::span<float> out);
void read_slice(hid_t dataset, Range range, std::span<double> out);
void read_slice(hid_t dataset, Range range, std::span<std::int32_t> out);
void read_slice(hid_t dataset, Range range, std::span<std::int64_t> out);
/// Whole 1-D dataset of strings (variable-length or fixed, ASCII or UTF-8).
std::vector<std::string> read_strings(hid_t dataset);
/// A string attribute, or "" when it is absent.
std::string read_string_attribute(hid_t object, const std::string& name);

}  // namespace lazynet::io
