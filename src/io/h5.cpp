#include "lazynet/io/h5.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

/// Turns HDF5's own printing off, once: its text goes into our exceptions instead.
void silence() {
    static const bool done = [] {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        return true;
    }();
    (void)done;
}

/// H5Ewalk2 upward meets the innermost error, the one with the real cause, first.
herr_t keep_innermost(unsigned n, const H5E_error2_t* error, void* text) {
    if (n == 0 && error->desc != nullptr) {
        *static_cast<std::string*>(text) = error->desc;
    }
    return 0;
}

herr_t append_name(hid_t, const char* name, const H5L_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

template <typename T>
void read_as(hid_t dataset, hid_t type, Range range, std::span<T> out) {
    if (static_cast<Index>(out.size()) < range.size()) {
        throw InternalError("read_slice: buffer too small");
    }
    if (range.size() == 0) {
        return;
    }
    read_slab(dataset, type, {{static_cast<hsize_t>(range.begin)}, {static_cast<hsize_t>(range.size())}}, out.data(),
              "read a dataset");
}

/// A slab on disk and in memory.
struct Selection {
    Selection(hid_t dataset, const Slab& slab, const std::string& what)
        : file(H5Dget_space(dataset), H5Sclose, what),
          memory(H5Screate_simple(static_cast<int>(slab.count.size()), slab.count.data(), nullptr), H5Sclose, what) {
        require(H5Sselect_hyperslab(file, H5S_SELECT_SET, slab.start.data(), nullptr, slab.count.data(), nullptr),
                what);
    }
    Handle file;
    Handle memory;
};

std::vector<std::string> read_fixed_strings(hid_t dataset, hid_t file_type, std::size_t n) {
    const std::size_t width = H5Tget_size(file_type);
    std::vector<char> raw(n * width);
    require(H5Dread(dataset, file_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()), "read strings");
    std::vector<std::string> strings(n);
    for (std::size_t i = 0; i < n; ++i) {
        const std::string_view cell(raw.data() + i * width, width);
        strings[i] = std::string(cell.substr(0, std::min(cell.find('\0'), cell.size())));
    }
    return strings;
}

std::vector<std::string> read_variable_strings(hid_t dataset, hid_t memory_type, std::size_t n) {
    std::vector<char*> raw(n, nullptr);
    require(H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()), "read strings");
    std::vector<std::string> strings(n);
    for (std::size_t i = 0; i < n; ++i) {
        strings[i] = raw[i] == nullptr ? "" : raw[i];
    }
    const Handle space(H5Dget_space(dataset), H5Sclose, "read a dataset's extent");
    H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, raw.data());
    return strings;
}

}  // namespace

Handle::Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id_ < 0) {
        throw UserError("cannot " + what + ": " + hdf5_reason());
    }
}

Handle::Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

Handle& Handle::operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
}

Handle::~Handle() {
    if (id_ >= 0) {
        close_(id_);
    }
}

void require(herr_t status, const std::string& what) {
    if (status < 0) {
        throw UserError("cannot " + what + ": " + hdf5_reason());
    }
}

std::string hdf5_reason() {
    silence();
    std::string innermost;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &innermost);
    H5Eclear2(H5E_DEFAULT);
    return innermost.empty() ? "unknown HDF5 error" : innermost;
}

std::string hdf5_version() {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    H5get_libversion(&major, &minor, &release);
    const std::string run = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
    std::string filters = H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0 ? "gzip" : "no gzip";
#ifdef LAZYNET_HAVE_LZF
    filters += ", lzf";
#endif
    return run + " (built with " + H5_VERS_INFO + "), parallel, " + filters;
}

Handle open_for_reading(const std::string& path) {
    silence();
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        throw UserError(path + ": no such file");
    }
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    if (H5Fis_hdf5(path.c_str()) <= 0) {
        H5Eclear2(H5E_DEFAULT);
        throw UserError(path + ": this is not an HDF5 file (or it cannot be read)");
    }
    return Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open " + path);
}

bool has_link(hid_t parent, const std::string& name) {
    return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0;
}

bool is_group(hid_t parent, const std::string& name) {
    H5O_info_t info;
    return H5Oget_info_by_name(parent, name.c_str(), &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
}

Handle open_group(hid_t parent, const std::string& name) {
    return Handle(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "open group '" + name + "'");
}

Handle open_dataset(hid_t parent, const std::string& name) {
    return Handle(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose, "open dataset '" + name + "'");
}

std::vector<std::string> link_names(hid_t group) {
    std::vector<std::string> names;
    require(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, append_name, &names), "list a group");
    return names;
}

std::vector<hsize_t> dataset_shape(hid_t dataset) {
    const Handle space(H5Dget_space(dataset), H5Sclose, "read a dataset's extent");
    const int rank = H5Sget_simple_extent_ndims(space);
    std::vector<hsize_t> shape(static_cast<std::size_t>(std::max(rank, 0)));
    H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    return shape;
}

Handle string_type(H5T_cset_t charset) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
    require(H5Tset_size(type, H5T_VARIABLE), "make a string type");
    require(H5Tset_cset(type, charset), "make a string type");
    return type;
}

void read_slab(hid_t dataset, hid_t type, const Slab& slab, void* out, const std::string& what) {
    const Selection at(dataset, slab, what);
    require(H5Dread(dataset, type, at.memory, at.file, H5P_DEFAULT, out), what);
}

void write_slab(hid_t dataset, hid_t type, const Slab& slab, const void* values, const std::string& what) {
    const Selection at(dataset, slab, what);
    require(H5Dwrite(dataset, type, at.memory, at.file, H5P_DEFAULT, values), what);
}

void read_slice(hid_t dataset, Range range, std::span<float> out) {
    read_as(dataset, H5T_NATIVE_FLOAT, range, out);
}
void read_slice(hid_t dataset, Range range, std::span<double> out) {
    read_as(dataset, H5T_NATIVE_DOUBLE, range, out);
}
void read_slice(hid_t dataset, Range range, std::span<std::int32_t> out) {
    read_as(dataset, H5T_NATIVE_INT32, range, out);
}
void read_slice(hid_t dataset, Range range, std::span<std::int64_t> out) {
    read_as(dataset, H5T_NATIVE_INT64, range, out);
}

std::vector<std::string> read_strings(hid_t dataset) {
    const Handle type(H5Dget_type(dataset), H5Tclose, "read a dataset's type");
    if (H5Tget_class(type) != H5T_STRING) {
        throw UserError("expected a dataset of strings");
    }
    std::size_t n = 1;
    for (const hsize_t extent : dataset_shape(dataset)) {
        n *= extent;
    }
    if (n == 0) {
        return {};
    }
    if (H5Tis_variable_str(type) <= 0) {
        return read_fixed_strings(dataset, type, n);
    }
    return read_variable_strings(dataset, string_type(H5Tget_cset(type)), n);
}

std::string read_string_attribute(hid_t object, const std::string& name) {
    if (H5Aexists(object, name.c_str()) <= 0) {
        return "";
    }
    const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "open attribute '" + name + "'");
    const Handle type(H5Aget_type(attribute), H5Tclose, "read an attribute's type");
    if (H5Tget_class(type) != H5T_STRING) {
        return "";
    }
    if (H5Tis_variable_str(type) > 0) {
        const Handle memory = string_type(H5Tget_cset(type));
        char* raw = nullptr;
        require(H5Aread(attribute, memory, static_cast<void*>(&raw)), "read attribute '" + name + "'");
        std::string text = raw == nullptr ? "" : raw;
        H5free_memory(raw);
        return text;
    }
    std::string text(H5Tget_size(type), '\0');
    require(H5Aread(attribute, type, text.data()), "read attribute '" + name + "'");
    text.resize(std::min(text.find('\0'), text.size()));
    return text;
}

}  // namespace lazynet::io
