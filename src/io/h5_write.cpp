#include "lazynet/io/h5_write.hpp"

#include <algorithm>
#include <utility>

namespace lazynet::io {
namespace {

Handle space_of(const Extents& shape, const Extents& maximum) {
    if (shape.empty()) {
        return Handle(H5Screate(H5S_SCALAR), H5Sclose, "describe a scalar");
    }
    return Handle(
        H5Screate_simple(static_cast<int>(shape.size()), shape.data(), maximum.empty() ? nullptr : maximum.data()),
        H5Sclose, "describe a shape");
}

}  // namespace

bool is_empty(const Extents& shape) {
    return std::find(shape.begin(), shape.end(), hsize_t{0}) != shape.end();
}

Handle untimed(hid_t object_class) {
    Handle list(H5Pcreate(object_class), H5Pclose, "make an HDF5 property list");
    require(H5Pset_obj_track_times(list, false), "turn time stamps off");
    return list;
}

Handle boolean_type() {
    Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose, "make a boolean type");
    for (const auto& [name, value] : {std::pair{"FALSE", std::int8_t{0}}, std::pair{"TRUE", std::int8_t{1}}}) {
        require(H5Tenum_insert(type, name, &value), "make a boolean type");
    }
    return type;
}

std::vector<const char*> pointers(std::span<const std::string> strings) {
    std::vector<const char*> raw(strings.size());
    std::transform(strings.begin(), strings.end(), raw.begin(), [](const std::string& s) { return s.c_str(); });
    return raw;
}

Handle create_dataset(hid_t parent, const std::string& name, hid_t type, const Extents& shape, hid_t properties,
                      const Extents& maximum) {
    return Handle(
        H5Dcreate2(parent, name.c_str(), type, space_of(shape, maximum), H5P_DEFAULT, properties, H5P_DEFAULT),
        H5Dclose, "make dataset '" + name + "'");
}

void write_attribute(hid_t object, const std::string& name, hid_t type, const Extents& shape, const void* values) {
    const Handle attribute(H5Acreate2(object, name.c_str(), type, space_of(shape, {}), H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose, "make attribute '" + name + "'");
    if (!is_empty(shape)) {
        require(H5Awrite(attribute, type, values), "write attribute '" + name + "'");
    }
}

void write_attribute(hid_t object, const std::string& name, const std::string& text) {
    const char* raw = text.c_str();
    write_attribute(object, name, string_type(), {}, static_cast<const void*>(&raw));
}

std::uint64_t used_bytes(hid_t file) {
    haddr_t end = 0;
    require(H5Fget_eoa(file, &end), "read a file's length");
    return end;
}

std::uint64_t used_bytes(const std::string& path) {
    return used_bytes(open_for_reading(path));
}

}  // namespace lazynet::io
