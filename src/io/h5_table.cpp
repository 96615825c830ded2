#include "lazynet/io/h5_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "lazynet/core/error.hpp"
#include "lazynet/io/filters.hpp"
#include "lazynet/io/number_dataset.hpp"

namespace lazynet::io {
namespace {

constexpr const char* kOldCategories = "__categories";

bool holds_booleans(hid_t dataset) {
    const Handle type(H5Dget_type(dataset), H5Tclose, "read a dataset's type");
    return H5Tget_class(type) == H5T_ENUM;
}

/// HDF5 converts no enum to a number type, so an enum (h5py's bool) is read through its own base type.
std::vector<double> read_booleans(hid_t dataset, std::size_t n) {
    const Handle type(H5Dget_type(dataset), H5Tclose, "read a dataset's type");
    const std::size_t width = H5Tget_size(type);
    std::vector<unsigned char> raw(n * width);
    require(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()), "read booleans");
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto begin = raw.begin() + static_cast<std::ptrdiff_t>(i * width);
        values[i] =
            std::any_of(begin, begin + static_cast<std::ptrdiff_t>(width), [](unsigned char byte) { return byte != 0; })
                ? 1
                : 0;
    }
    return values;
}

std::vector<double> read_numbers(const std::string& where, hid_t parent, const std::string& name) {
    const Handle dataset = open_dataset(parent, name);
    const std::vector<hsize_t> shape = dataset_shape(dataset);
    if (shape.size() != 1) {
        throw UserError(fmt::format("{}: expected one dimension, found {}", where, shape.size()));
    }
    require_filters(dataset, where);
    if (holds_booleans(dataset)) {
        return read_booleans(dataset, shape[0]);
    }
    std::vector<double> values(shape[0]);
    read_slice(dataset, {0, static_cast<Index>(shape[0])}, values);
    return values;
}

}  // namespace

bool holds_strings(hid_t dataset) {
    const Handle type(H5Dget_type(dataset), H5Tclose, "read a dataset's type");
    return H5Tget_class(type) == H5T_STRING;
}

H5Table::H5Table(std::string file, hid_t root, std::string path, Index rows)
    : file_(std::move(file)), path_(std::move(path)), rows_(rows) {
    register_filters();
    if (!has_link(root, path_)) {
        throw UserError(fmt::format("{}: there is no table '{}' in this file", file_, path_));
    }
    if (!is_group(root, path_)) {
        throw UserError(fmt::format(
            "{}: {} is a compound table as anndata before 0.7 wrote it; rewrite the file with a newer anndata", file_,
            path_));
    }
    group_ = open_group(root, path_);
    index_name_ = read_string_attribute(group_, "_index");
    for (const char* usual : {"_index", "index"}) {
        if (index_name_.empty() && has_link(group_, usual)) {
            index_name_ = usual;
        }
    }
    names_ = link_names(group_);
    std::erase_if(names_, [&](const std::string& name) { return name == kOldCategories || name == index_name_; });
}

void H5Table::require_rows(const std::string& name, Index found) const {
    if (found != rows_) {
        throw UserError(
            fmt::format("{}: {}/{} has {} rows, but the matrix needs {}", file_, path_, name, found, rows_));
    }
}

std::vector<std::string> H5Table::read_texts(hid_t parent, const std::string& name) const {
    const Handle dataset = open_dataset(parent, name);
    require_filters(dataset, file_ + ": " + path_ + "/" + name);
    if (holds_strings(dataset)) {
        return read_strings(dataset);
    }
    const auto kind = holds_booleans(dataset) ? Column::Kind::boolean : Column::Kind::number;
    const Column column = number_column(name, read_numbers(file_ + ": " + path_ + "/" + name, parent, name), kind);
    std::vector<std::string> texts;
    for (Index row = 0; row < column.rows(); ++row) {
        texts.push_back(text_at(column, row));
    }
    return texts;
}

std::vector<std::string> H5Table::index() const {
    if (index_name_.empty() || !has_link(group_, index_name_)) {
        throw UserError(fmt::format("{}: table {} has no index (attribute '_index', or a dataset '_index' or 'index')",
                                    file_, path_));
    }
    std::vector<std::string> names;
    if (is_group(group_, index_name_)) {
        const Column column = read(index_name_);
        for (Index row = 0; row < column.rows(); ++row) {
            names.push_back(text_at(column, row));
        }
    } else {
        names = read_texts(group_, index_name_);
    }
    require_rows(index_name_, static_cast<Index>(names.size()));
    return names;
}

Column H5Table::read(const std::string& name) const {
    if (!has_link(group_, name)) {
        throw UserError(
            fmt::format("{}: {} has no column '{}'; the columns are: {}", file_, path_, name, fmt::join(names_, ", ")));
    }
    Column column;
    try {
        column = is_group(group_, name) ? read_group(name) : read_dataset(name);
    } catch (const UserError& e) {
        const std::string text = e.what();
        throw UserError(text.rfind(file_, 0) == 0 ? text : fmt::format("{}: {}/{}: {}", file_, path_, name, text));
    }
    column.name = name;
    require_rows(name, column.rows());
    return column;
}

Column H5Table::read_categorical(hid_t parent, const std::string& codes, const std::string& categories) const {
    Column column;
    column.categories = read_texts(parent, categories);
    const Handle dataset = open_dataset(parent, codes);
    require_filters(dataset, file_ + ": " + path_ + "/" + codes);
    const std::vector<hsize_t> shape = dataset_shape(dataset);
    column.codes.resize(shape.empty() ? 0 : shape[0]);
    read_slice(dataset, {0, static_cast<Index>(column.codes.size())}, column.codes);
    const auto n = static_cast<std::int32_t>(column.categories.size());
    for (std::int32_t& code : column.codes) {
        if (code >= n) {
            throw UserError(fmt::format("code {} with {} categories; the file is damaged", code, n));
        }
        code = std::max(code, -1);
    }
    return column;
}

Column H5Table::read_group(const std::string& name) const {
    const Handle group = open_group(group_, name);
    if (has_link(group, "codes") && has_link(group, "categories")) {
        return read_categorical(group, "codes", "categories");
    }
    if (!has_link(group, "values") || !has_link(group, "mask")) {
        throw UserError("a column encoding that is not understood: '" + read_string_attribute(group, "encoding-type") +
                        "'");
    }
    const std::vector<double> mask = read_numbers(path_ + "/" + name + "/mask", group, "mask");
    const Handle values = open_dataset(group, "values");
    if (holds_strings(values)) {
        Column column = text_column(name, read_strings(values));
        for (std::size_t row = 0; row < std::min(mask.size(), column.codes.size()); ++row) {
            column.codes[row] = mask[row] != 0 ? -1 : column.codes[row];
        }
        return column;
    }
    std::vector<double> numbers = read_numbers(path_ + "/" + name + "/values", group, "values");
    for (std::size_t row = 0; row < std::min(mask.size(), numbers.size()); ++row) {
        numbers[row] = mask[row] != 0 ? std::numeric_limits<double>::quiet_NaN() : numbers[row];
    }
    return number_column(name, std::move(numbers),
                         holds_booleans(values) ? Column::Kind::boolean : Column::Kind::number);
}

Column H5Table::read_dataset(const std::string& name) const {
    if (has_link(group_, kOldCategories)) {
        const Handle old = open_group(group_, kOldCategories);
        if (has_link(old, name)) {
            return read_categorical(group_, name, std::string(kOldCategories) + "/" + name);
        }
    }
    const Handle dataset = open_dataset(group_, name);
    if (holds_strings(dataset)) {
        require_filters(dataset, file_ + ": " + path_ + "/" + name);
        return text_column(name, read_strings(dataset));
    }
    const Handle type(H5Dget_type(dataset), H5Tclose, "read a dataset's type");
    const H5T_class_t kind = H5Tget_class(type);
    if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) {
        throw UserError("its elements are neither numbers nor text");
    }
    return number_column(name, read_numbers(file_ + ": " + path_ + "/" + name, group_, name),
                         kind == H5T_ENUM ? Column::Kind::boolean : Column::Kind::number);
}

}  // namespace lazynet::io
