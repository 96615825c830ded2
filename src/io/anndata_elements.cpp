#include "lazynet/io/anndata_elements.hpp"

#include <cstdlib>
#include <type_traits>

#include "lazynet/core/error.hpp"
#include "lazynet/io/h5_write.hpp"

namespace lazynet::io {
namespace {

Place within(hid_t group, const std::string& name) {
    return {open_group(group, "."), name};
}

Handle open_or_create_dict(hid_t parent, const std::string& name) {
    return has_link(parent, name) ? open_group(parent, name) : create_group(within(parent, name), "dict", "0.1.0");
}

void write_dataset(const Place& to, hid_t file_type, hid_t memory_type, const Extents& shape, const void* values,
                   const char* encoding) {
    const Handle dataset = create_dataset(to.group, to.name, file_type, shape, untimed(H5P_DATASET_CREATE));
    if (!is_empty(shape)) {
        require(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                "write dataset '" + to.name + "'");
    }
    write_encoding(dataset, encoding, "0.2.0");
}

void write_values(const Place& to, std::span<const std::string> v) {
    const Handle type = string_type();
    write_dataset(to, type, type, {v.size()}, pointers(v).data(), "string-array");
}

void write_values(const Place& to, std::span<const double> v) {
    write_dataset(to, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {v.size()}, v.data(), "array");
}

void write_values(const Place& to, std::span<const float> v) {
    write_dataset(to, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {v.size()}, v.data(), "array");
}

void write_values(const Place& to, std::span<const std::int64_t> v) {
    write_dataset(to, H5T_STD_I64LE, H5T_NATIVE_INT64, {v.size()}, v.data(), "array");
}

void write_values(const Place& to, std::span<const std::int32_t> v) {
    write_dataset(to, H5T_STD_I32LE, H5T_NATIVE_INT32, {v.size()}, v.data(), "array");
}

void write_values(const Place& to, const std::vector<bool>& v) {
    const std::vector<std::int8_t> bytes(v.begin(), v.end());
    const Handle type = boolean_type();
    write_dataset(to, type, type, {v.size()}, bytes.data(), "array");
}

/// The narrowest codes that hold the categories, as pandas keeps them.
hid_t code_type(std::size_t categories) {
    return categories <= 127 ? H5T_STD_I8LE : categories <= 32767 ? H5T_STD_I16LE : H5T_STD_I32LE;
}

void write_values(const Place& to, const Categorical& v) {
    const Handle group = create_group(to, "categorical", "0.2.0");
    const std::int8_t ordered = 0;
    write_attribute(group, "ordered", boolean_type(), {}, &ordered);
    write_values(within(group, "categories"), std::span<const std::string>(v.categories));
    write_dataset(within(group, "codes"), code_type(v.categories.size()), H5T_NATIVE_INT32, {v.codes.size()},
                  v.codes.data(), "array");
}

std::size_t length_of(const TableColumn& column) {
    return std::visit(
        [](const auto& v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, Categorical>) {
                return v.codes.size();
            } else {
                return v.size();
            }
        },
        column.values);
}

void check_table(const std::string& where, const Table& table) {
    for (const TableColumn& column : table.columns) {
        if (column.name.empty() || column.name == "_index" || column.name.find('/') != std::string::npos) {
            throw InternalError(where + ": column name '" + column.name + "' cannot be stored");
        }
        if (length_of(column) != table.index.size()) {
            throw InternalError(where + ": column '" + column.name + "' has " + std::to_string(length_of(column)) +
                                " rows, the index " + std::to_string(table.index.size()));
        }
    }
}

}  // namespace

Handle create_anndata(const std::string& path) {
    hdf5_reason();                                // from here on HDF5's messages come in exceptions, not on stderr
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);  // many cluster file systems have no locks; we publish by rename
    Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, untimed(H5P_FILE_CREATE), H5P_DEFAULT), H5Fclose,
                "create " + path);
    write_encoding(file, "anndata", "0.1.0");
    return file;
}

void complete_anndata(hid_t file) {
    for (const char* name : {"layers", "obsm", "obsp", "uns", "varm", "varp"}) {
        open_or_create_dict(file, name);
    }
}

Place place_of(hid_t parent, const std::string& where) {
    Handle group = open_group(parent, ".");
    std::size_t begin = 0;
    for (std::size_t slash = where.find('/'); slash != std::string::npos; slash = where.find('/', begin)) {
        group = open_or_create_dict(group, where.substr(begin, slash - begin));
        begin = slash + 1;
    }
    return {std::move(group), where.substr(begin)};
}

void write_encoding(hid_t object, const std::string& type, const std::string& version) {
    write_attribute(object, "encoding-type", type);
    write_attribute(object, "encoding-version", version);
}

Handle create_group(const Place& to, const std::string& type, const std::string& version) {
    Handle group(H5Gcreate2(to.group, to.name.c_str(), H5P_DEFAULT, untimed(H5P_GROUP_CREATE), H5P_DEFAULT), H5Gclose,
                 "make group '" + to.name + "'");
    write_encoding(group, type, version);
    return group;
}

void write_table(hid_t parent, const std::string& where, const Table& table) {
    check_table(where, table);
    const Handle group = create_group(place_of(parent, where), "dataframe", "0.2.0");
    write_attribute(group, "_index", "_index");
    std::vector<std::string> names;
    for (const TableColumn& column : table.columns) {
        names.push_back(column.name);
    }
    write_attribute(group, "column-order", string_type(), {names.size()}, pointers(names).data());
    write_values(within(group, "_index"), table.index);
    for (const TableColumn& column : table.columns) {
        std::visit([&](const auto& v) { write_values(within(group, column.name), v); }, column.values);
    }
}

void write_text(hid_t parent, const std::string& where, const std::string& text) {
    const char* raw = text.c_str();
    const Handle type = string_type();
    write_dataset(place_of(parent, where), type, type, {}, static_cast<const void*>(&raw), "string");
}

void write_number(hid_t parent, const std::string& where, Number number) {
    const Place to = place_of(parent, where);
    if (const auto* whole = std::get_if<std::int64_t>(&number)) {
        write_dataset(to, H5T_STD_I64LE, H5T_NATIVE_INT64, {}, whole, "numeric-scalar");
    } else {
        write_dataset(to, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {}, &std::get<double>(number), "numeric-scalar");
    }
}

void write_strings(hid_t parent, const std::string& where, std::span<const std::string> strings) {
    write_values(place_of(parent, where), strings);
}

void write_array(hid_t parent, const std::string& where, std::span<const double> values) {
    write_values(place_of(parent, where), values);
}

void write_array(hid_t parent, const std::string& where, std::span<const float> values) {
    write_values(place_of(parent, where), values);
}

void write_array(hid_t parent, const std::string& where, std::span<const std::int64_t> values) {
    write_values(place_of(parent, where), values);
}

void write_array(hid_t parent, const std::string& where, std::span<const std::int32_t> values) {
    write_values(place_of(parent, where), values);
}

}  // namespace lazynet::io
