#include "lazynet/io/anndata_elements.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

constexpr hsize_t kChunkedFrom = hsize_t{4} << 20;  // bytes
constexpr hsize_t kChunk = hsize_t{2} << 20;        // bytes, about

using Shape = std::vector<hsize_t>;

bool is_empty(const Shape& shape) {
    return std::find(shape.begin(), shape.end(), hsize_t{0}) != shape.end();
}

/// HDF5 stamps objects with the time of their making by default; files could then not be compared.
Handle untimed(hid_t object_class) {
    Handle list(H5Pcreate(object_class), H5Pclose, "make an HDF5 property list");
    require(H5Pset_obj_track_times(list, false), "turn time stamps off");
    return list;
}

Handle space_of(const Shape& shape) {
    if (shape.empty()) {
        return Handle(H5Screate(H5S_SCALAR), H5Sclose, "describe a scalar");
    }
    return Handle(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose,
                  "describe a shape");
}

Handle string_type() {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
    require(H5Tset_size(type, H5T_VARIABLE), "make a string type");
    require(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
    return type;
}

/// h5py's boolean: an enumeration of one byte.
Handle bool_type() {
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

void write_attribute(hid_t object, const char* name, hid_t type, const Shape& shape, const void* values) {
    const Handle space = space_of(shape);
    const Handle attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                           std::string("make attribute '") + name + "'");
    if (!is_empty(shape)) {
        require(H5Awrite(attribute, type, values), std::string("write attribute '") + name + "'");
    }
}

void write_attribute(hid_t object, const char* name, const char* text) {
    write_attribute(object, name, string_type(), {}, &text);
}

void write_encoding(hid_t object, const char* type, const char* version) {
    write_attribute(object, "encoding-type", type);
    write_attribute(object, "encoding-version", version);
}

Handle create_group(hid_t parent, const std::string& name) {
    const Handle untimed_list = untimed(H5P_GROUP_CREATE);
    return Handle(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, untimed_list, H5P_DEFAULT), H5Gclose,
                  "make group '" + name + "'");
}

Handle open_or_create_dict(hid_t parent, const std::string& name) {
    if (has_link(parent, name)) {
        return open_group(parent, name);
    }
    Handle group = create_group(parent, name);
    write_encoding(group, "dict", "0.1.0");
    return group;
}

/// Where an element goes: an open group and the name in it.
struct Place {
    Handle group;
    std::string name;
};

Place place_of(hid_t file, const std::string& where) {
    Handle group = open_group(file, "/");
    std::size_t begin = 0;
    for (std::size_t slash = where.find('/'); slash != std::string::npos; slash = where.find('/', begin)) {
        group = open_or_create_dict(group, where.substr(begin, slash - begin));
        begin = slash + 1;
    }
    return {std::move(group), where.substr(begin)};
}

Handle create_dataset(hid_t group, const std::string& name, hid_t type, const Shape& shape, hid_t list) {
    const Handle space = space_of(shape);
    return Handle(H5Dcreate2(group, name.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose,
                  "make dataset '" + name + "'");
}

void write_dataset(const Place& to, hid_t file_type, hid_t memory_type, const Shape& shape, const void* values,
                   const char* encoding) {
    const Handle dataset = create_dataset(to.group, to.name, file_type, shape, untimed(H5P_DATASET_CREATE));
    if (!is_empty(shape)) {
        require(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                "write dataset '" + to.name + "'");
    }
    write_encoding(dataset, encoding, "0.2.0");
}

void write_strings_at(const Place& to, std::span<const std::string> strings) {
    const Handle type = string_type();
    write_dataset(to, type, type, {strings.size()}, pointers(strings).data(), "string-array");
}

void write_values_at(const Place& to, const std::vector<std::string>& strings) {
    write_strings_at(to, strings);
}

void write_values_at(const Place& to, const std::vector<double>& v) {
    write_dataset(to, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {v.size()}, v.data(), "array");
}

void write_values_at(const Place& to, const std::vector<float>& v) {
    write_dataset(to, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {v.size()}, v.data(), "array");
}

void write_values_at(const Place& to, const std::vector<std::int64_t>& v) {
    write_dataset(to, H5T_STD_I64LE, H5T_NATIVE_INT64, {v.size()}, v.data(), "array");
}

void write_values_at(const Place& to, const std::vector<bool>& v) {
    const std::vector<std::int8_t> bytes(v.begin(), v.end());
    const Handle type = bool_type();
    write_dataset(to, type, type, {v.size()}, bytes.data(), "array");
}

/// The narrowest codes that hold the categories, as pandas keeps them.
hid_t code_type(std::size_t categories) {
    return categories <= 127 ? H5T_STD_I8LE : categories <= 32767 ? H5T_STD_I16LE : H5T_STD_I32LE;
}

void write_values_at(const Place& to, const Categorical& v) {
    const Handle group = create_group(to.group, to.name);
    write_encoding(group, "categorical", "0.2.0");
    const std::int8_t ordered = 0;
    write_attribute(group, "ordered", bool_type(), {}, &ordered);
    write_strings_at({open_group(group, "."), "categories"}, v.categories);
    write_dataset({open_group(group, "."), "codes"}, code_type(v.categories.size()), H5T_NATIVE_INT32, {v.codes.size()},
                  v.codes.data(), "array");
}

std::size_t length_of(const Column& column) {
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
    for (const Column& column : table.columns) {
        if (column.name.empty() || column.name == "_index" || column.name.find('/') != std::string::npos) {
            throw InternalError(where + ": column name '" + column.name + "' cannot be stored");
        }
        if (length_of(column) != table.index.size()) {
            throw InternalError(where + ": column '" + column.name + "' has " + std::to_string(length_of(column)) +
                                " rows, the index " + std::to_string(table.index.size()));
        }
    }
}

/// Space is taken at once and never filled: what is declared will be written whole, later, by all ranks.
Handle declared(hid_t group, const std::string& name, hid_t type, const Shape& shape, const Shape& chunk) {
    const Handle list = untimed(H5P_DATASET_CREATE);
    if (!is_empty(shape)) {
        if (!chunk.empty()) {
            require(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), "set a chunk's shape");
        }
        require(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), "ask for early allocation");
        require(H5Pset_fill_time(list, H5D_FILL_TIME_NEVER), "turn filling off");
    }
    return create_dataset(group, name, type, shape, list);
}

}  // namespace

Handle create_anndata(const std::string& path) {
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);  // many cluster file systems have no locks; we publish by rename
    const Handle list = untimed(H5P_FILE_CREATE);
    Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, list, H5P_DEFAULT), H5Fclose, "create " + path);
    const Handle root = open_group(file, "/");
    write_encoding(root, "anndata", "0.1.0");
    return file;
}

void complete_anndata(hid_t file) {
    for (const char* name : {"layers", "obsm", "obsp", "uns", "varm", "varp"}) {
        open_or_create_dict(file, name);
    }
}

void write_table(hid_t file, const std::string& where, const Table& table) {
    check_table(where, table);
    const Place to = place_of(file, where);
    const Handle group = create_group(to.group, to.name);
    write_encoding(group, "dataframe", "0.2.0");
    write_attribute(group, "_index", "_index");
    std::vector<std::string> names;
    for (const Column& column : table.columns) {
        names.push_back(column.name);
    }
    write_attribute(group, "column-order", string_type(), {names.size()}, pointers(names).data());
    write_strings_at({open_group(group, "."), "_index"}, table.index);
    for (const Column& column : table.columns) {
        std::visit([&](const auto& v) { write_values_at({open_group(group, "."), column.name}, v); }, column.values);
    }
}

void write_text(hid_t file, const std::string& where, const std::string& text) {
    const char* raw = text.c_str();
    const Handle type = string_type();
    write_dataset(place_of(file, where), type, type, {}, &raw, "string");
}

void write_number(hid_t file, const std::string& where, Number number) {
    const Place to = place_of(file, where);
    if (const auto* whole = std::get_if<std::int64_t>(&number)) {
        write_dataset(to, H5T_STD_I64LE, H5T_NATIVE_INT64, {}, whole, "numeric-scalar");
    } else {
        write_dataset(to, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {}, &std::get<double>(number), "numeric-scalar");
    }
}

void write_strings(hid_t file, const std::string& where, std::span<const std::string> strings) {
    write_strings_at(place_of(file, where), strings);
}

void write_array(hid_t file, const std::string& where, std::span<const double> values) {
    write_dataset(place_of(file, where), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {values.size()}, values.data(), "array");
}

void write_array(hid_t file, const std::string& where, std::span<const std::int64_t> values) {
    write_dataset(place_of(file, where), H5T_STD_I64LE, H5T_NATIVE_INT64, {values.size()}, values.data(), "array");
}

void declare_dense(hid_t file, const std::string& where, Index rows, Index cols) {
    const Place to = place_of(file, where);
    const Shape shape = {static_cast<hsize_t>(rows), static_cast<hsize_t>(cols)};
    const hsize_t row_bytes = shape[1] * sizeof(float);
    Shape chunk;
    if (shape[0] * row_bytes >= kChunkedFrom) {
        chunk = {std::clamp<hsize_t>(kChunk / row_bytes, 1, shape[0]), shape[1]};
    }
    write_encoding(declared(to.group, to.name, H5T_IEEE_F32LE, shape, chunk), "array", "0.2.0");
}

void declare_csr(hid_t file, const std::string& where, Index rows, Index cols, Index per_row) {
    const Place to = place_of(file, where);
    const Handle group = create_group(to.group, to.name);
    write_encoding(group, "csr_matrix", "0.1.0");
    const std::int64_t shape[] = {rows, cols};
    write_attribute(group, "shape", H5T_STD_I64LE, {2}, shape);
    std::vector<std::int64_t> starts(static_cast<std::size_t>(rows) + 1);
    for (std::size_t r = 0; r < starts.size(); ++r) {
        starts[r] = static_cast<std::int64_t>(r) * per_row;
    }
    // scipy takes a matrix whose two kinds of indices differ in type, then fails in half of what it does with it.
    const hid_t type = starts.back() <= std::numeric_limits<std::int32_t>::max() ? H5T_STD_I32LE : H5T_STD_I64LE;
    write_dataset({open_group(group, "."), "indptr"}, type, H5T_NATIVE_INT64, {starts.size()}, starts.data(), "array");
    const Shape stored = {static_cast<hsize_t>(rows * per_row)};
    write_encoding(declared(group, "indices", type, stored, {}), "array", "0.2.0");
    write_encoding(declared(group, "data", H5T_IEEE_F32LE, stored, {}), "array", "0.2.0");
}

}  // namespace lazynet::io
