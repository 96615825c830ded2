#include "lazynet/io/h5ad_elements.hpp"

#include <algorithm>
#include <array>

#include "lazynet/core/error.hpp"

namespace lazynet::io::h5ad {
namespace {

constexpr hsize_t kChunk = hsize_t{1} << 16;  // elements; four bytes each, four chunks fit into HDF5's cache
constexpr unsigned kGzipLevel = 1;            // with the bytes shuffled, higher levels cost much and gain little

Handle properties(hid_t kind) {
    Handle list(H5Pcreate(kind), H5Pclose, "make a property list");
    require(H5Pset_obj_track_times(list, false), "turn times off");
    return list;
}

void compress(hid_t properties, Compression compression) {
    if (compression == Compression::gzip) {
        require(H5Pset_shuffle(properties), "turn on the shuffle filter");
        require(H5Pset_deflate(properties, kGzipLevel), "turn on gzip");
    }
}

Handle string_type() {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
    require(H5Tset_size(type, H5T_VARIABLE), "make a string type");
    require(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
    return type;
}

std::vector<const char*> pointers(std::span<const std::string> values) {
    std::vector<const char*> raw(values.size());
    std::transform(values.begin(), values.end(), raw.begin(), [](const std::string& s) { return s.c_str(); });
    return raw;
}

Handle line(std::size_t n) {
    const hsize_t extent = n;
    return Handle(H5Screate_simple(1, &extent, nullptr), H5Sclose, "describe a dataset");
}

Handle scalar() {
    return Handle(H5Screate(H5S_SCALAR), H5Sclose, "describe a scalar");
}

void write_dataset(hid_t parent, const std::string& name, hid_t space, hid_t file_type, hid_t memory_type,
                   const void* values, const std::string& encoding) {
    const Handle dataset(
        H5Dcreate2(parent, name.c_str(), file_type, space, H5P_DEFAULT, properties(H5P_DATASET_CREATE), H5P_DEFAULT),
        H5Dclose, "create '" + name + "'");
    if (H5Sget_simple_extent_npoints(space) > 0) {
        require(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "write '" + name + "'");
    }
    write_encoding(dataset, encoding, "0.2.0");
}

void write_values(hid_t object, const std::string& name, hid_t space, hid_t file_type, hid_t memory_type,
                  const void* values) {
    const Handle attribute(H5Acreate2(object, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                           "create attribute '" + name + "'");
    require(H5Awrite(attribute, memory_type, values), "write attribute '" + name + "'");
}

template <typename T>
std::vector<T> narrowed(std::span<const std::int32_t> codes) {
    std::vector<T> narrow(codes.size());
    std::transform(codes.begin(), codes.end(), narrow.begin(), [](std::int32_t c) { return static_cast<T>(c); });
    return narrow;
}

}  // namespace

void write_encoding(hid_t object, const std::string& type, const std::string& version) {
    write_attribute(object, "encoding-type", type);
    write_attribute(object, "encoding-version", version);
}

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
    const char* raw = value.c_str();
    const Handle type = string_type();
    write_values(object, name, scalar(), type, type, static_cast<const void*>(&raw));
}

void write_attribute(hid_t object, const std::string& name, std::span<const std::string> values) {
    const auto raw = pointers(values);
    const Handle type = string_type();
    const Handle space = line(raw.size());
    const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                           "create attribute '" + name + "'");
    if (!raw.empty()) {
        require(H5Awrite(attribute, type, static_cast<const void*>(raw.data())), "write attribute '" + name + "'");
    }
}

void write_attribute(hid_t object, const std::string& name, std::span<const std::int64_t> values) {
    write_values(object, name, line(values.size()), H5T_STD_I64LE, H5T_NATIVE_INT64, values.data());
}

Handle create_file(const std::string& path) {
    hdf5_reason();  // from now on HDF5 does not print by itself
    Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, properties(H5P_FILE_CREATE), H5P_DEFAULT), H5Fclose,
                "create " + path);
    write_encoding(file, "anndata", "0.1.0");
    return file;
}

Handle create_group(hid_t parent, const std::string& name, const std::string& type, const std::string& version) {
    Handle group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, properties(H5P_GROUP_CREATE), H5P_DEFAULT), H5Gclose,
                 "create group '" + name + "'");
    write_encoding(group, type, version);
    return group;
}

void write_string(hid_t parent, const std::string& name, const std::string& value) {
    const char* raw = value.c_str();
    const Handle type = string_type();
    write_dataset(parent, name, scalar(), type, type, static_cast<const void*>(&raw), "string");
}

void write_strings(hid_t parent, const std::string& name, std::span<const std::string> values) {
    const auto raw = pointers(values);
    const Handle type = string_type();
    write_dataset(parent, name, line(raw.size()), type, type, static_cast<const void*>(raw.data()), "string-array");
}

void write_array(hid_t parent, const std::string& name, std::span<const float> values) {
    write_dataset(parent, name, line(values.size()), H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(), "array");
}

void write_array(hid_t parent, const std::string& name, std::span<const std::int32_t> values) {
    write_dataset(parent, name, line(values.size()), H5T_STD_I32LE, H5T_NATIVE_INT32, values.data(), "array");
}

void write_array(hid_t parent, const std::string& name, std::span<const std::int64_t> values) {
    write_dataset(parent, name, line(values.size()), H5T_STD_I64LE, H5T_NATIVE_INT64, values.data(), "array");
}

void write_booleans(hid_t parent, const std::string& name, const std::vector<bool>& values) {
    const Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose, "make a boolean type");
    const std::int8_t no = 0;
    const std::int8_t yes = 1;
    require(H5Tenum_insert(type, "FALSE", &no), "make a boolean type");
    require(H5Tenum_insert(type, "TRUE", &yes), "make a boolean type");
    const std::vector<std::int8_t> raw(values.begin(), values.end());
    write_dataset(parent, name, line(raw.size()), type, type, raw.data(), "array");
}

void write_categorical(hid_t parent, const std::string& name, std::span<const std::int32_t> codes,
                       std::span<const std::string> categories) {
    const Handle group = create_group(parent, name, "categorical", "0.2.0");
    const std::int8_t ordered = 0;
    const Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose, "make a boolean type");
    const std::int8_t yes = 1;
    require(H5Tenum_insert(type, "FALSE", &ordered), "make a boolean type");
    require(H5Tenum_insert(type, "TRUE", &yes), "make a boolean type");
    write_values(group, "ordered", scalar(), type, type, &ordered);
    write_strings(group, "categories", categories);
    const auto put = [&](hid_t file_type, hid_t memory_type, const void* raw) {
        write_dataset(group, "codes", line(codes.size()), file_type, memory_type, raw, "array");
    };
    if (categories.size() <= 127) {
        put(H5T_STD_I8LE, H5T_NATIVE_INT8, narrowed<std::int8_t>(codes).data());
    } else if (categories.size() <= 32767) {
        put(H5T_STD_I16LE, H5T_NATIVE_INT16, narrowed<std::int16_t>(codes).data());
    } else {
        put(H5T_STD_I32LE, H5T_NATIVE_INT32, codes.data());
    }
}

Handle create_dataframe(hid_t parent, const std::string& name, std::span<const std::string> index,
                        std::span<const std::string> columns) {
    Handle frame = create_group(parent, name, "dataframe", "0.2.0");
    write_attribute(frame, "_index", std::string("_index"));
    write_attribute(frame, "column-order", columns);
    write_strings(frame, "_index", index);
    return frame;
}

void create_empty_groups(hid_t file) {
    for (const char* name : {"layers", "obsm", "obsp", "uns", "varm", "varp"}) {
        create_group(file, name);
    }
}

Handle create_matrix(hid_t parent, const std::string& name, Index rows, Index columns, Compression compression) {
    const std::array<hsize_t, 2> shape = {static_cast<hsize_t>(rows), static_cast<hsize_t>(columns)};
    const Handle space(H5Screate_simple(2, shape.data(), nullptr), H5Sclose, "describe '" + name + "'");
    const Handle list = properties(H5P_DATASET_CREATE);
    if (compression != Compression::none) {
        const std::array<hsize_t, 2> chunk = {1, shape[1]};
        require(H5Pset_chunk(list, 2, chunk.data()), "set the chunks of '" + name + "'");
        compress(list, compression);
    }
    Handle matrix(H5Dcreate2(parent, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose,
                  "create '" + name + "'");
    write_encoding(matrix, "array", "0.2.0");
    return matrix;
}

void write_rows(hid_t matrix, Index first, std::span<const float> values) {
    const auto shape = dataset_shape(matrix);
    const std::array<hsize_t, 2> start = {static_cast<hsize_t>(first), 0};
    const std::array<hsize_t, 2> count = {values.size() / shape[1], shape[1]};
    const Handle file_space(H5Dget_space(matrix), H5Sclose, "read a dataset's extent");
    const Handle memory(H5Screate_simple(2, count.data(), nullptr), H5Sclose, "describe memory");
    require(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
            "select rows");
    require(H5Dwrite(matrix, H5T_NATIVE_FLOAT, memory, file_space, H5P_DEFAULT, values.data()), "write rows");
}

GrowingDataset::GrowingDataset(hid_t parent, const std::string& name, hid_t type, Compression compression) {
    const hsize_t none = 0;
    const hsize_t unlimited = H5S_UNLIMITED;
    const Handle space(H5Screate_simple(1, &none, &unlimited), H5Sclose, "describe '" + name + "'");
    const Handle list = properties(H5P_DATASET_CREATE);
    require(H5Pset_chunk(list, 1, &kChunk), "set the chunks of '" + name + "'");
    require(H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC), "set the fill time");  // the last chunk's rest has fixed bytes
    compress(list, compression);
    dataset_ = Handle(H5Dcreate2(parent, name.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose,
                      "create '" + name + "'");
    write_encoding(dataset_, "array", "0.2.0");
}

void GrowingDataset::append(const void* values, std::size_t n, hid_t type) {
    if (n == 0) {
        return;
    }
    const hsize_t start = size_;
    const hsize_t count = n;
    size_ += count;
    require(H5Dset_extent(dataset_, &size_), "enlarge a dataset");
    const Handle file_space(H5Dget_space(dataset_), H5Sclose, "read a dataset's extent");
    const Handle memory = line(n);
    require(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, nullptr, &count, nullptr), "select the end");
    require(H5Dwrite(dataset_, type, memory, file_space, H5P_DEFAULT, values), "write to a dataset");
}

std::int64_t GrowingDataset::room_for(std::size_t n, std::size_t size) {
    // Whole chunks, one more for the one that is open; random bits may grow a little under gzip.
    return static_cast<std::int64_t>((n / kChunk + 2) * (kChunk * size + 1024));
}

std::int64_t used_bytes(hid_t file) {
    haddr_t end = 0;
    require(H5Fget_eoa(file, &end), "read a file's length");
    return static_cast<std::int64_t>(end);
}

std::int64_t used_bytes(const std::string& path) {
    return used_bytes(open_for_reading(path));
}

void flush(hid_t file) {
    require(H5Fflush(file, H5F_SCOPE_GLOBAL), "write to the disk");
}

}  // namespace lazynet::io::h5ad
