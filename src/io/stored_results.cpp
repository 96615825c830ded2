#include "lazynet/io/stored_results.hpp"

#include "lazynet/core/error.hpp"

namespace lazynet::io {

StoredResults::StoredResults(std::string path) : path_(std::move(path)), file_(open_for_reading(path_)) {
    if (!has("uns/lazynet")) {
        throw UserError(path_ +
                        " was not written by lazynet (there is no uns/lazynet); `lazynet inspect` says what is " +
                        "in a screen");
    }
}

bool StoredResults::has(const std::string& where) const {
    for (std::size_t slash = where.find('/'); slash != std::string::npos; slash = where.find('/', slash + 1)) {
        const std::string part = where.substr(0, slash);
        if (!has_link(file_, part) || !is_group(file_, part)) {
            return false;
        }
    }
    return has_link(file_, where);
}

std::string StoredResults::text(const std::string& where) const {
    if (!has(where)) {
        return "";
    }
    const std::vector<std::string> texts = read_strings(open_dataset(file_, where));
    return texts.empty() ? "" : texts.front();
}

std::optional<double> StoredResults::number(const std::string& where) const {
    if (!has(where)) {
        return std::nullopt;
    }
    const Handle dataset = open_dataset(file_, where);
    for (const hsize_t n : dataset_shape(dataset)) {
        if (n != 1) {
            throw UserError(path_ + ": " + where + " is not one number; the file is damaged");
        }
    }
    double value = 0.0;
    require(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value), "read " + path_ + ": " + where);
    return value;
}

std::vector<double> StoredResults::numbers(const std::string& where) const {
    if (!has(where)) {
        return {};
    }
    const Handle dataset = open_dataset(file_, where);
    const std::vector<hsize_t> shape = dataset_shape(dataset);
    std::vector<double> values(shape.size() == 1 ? shape[0] : 0);
    read_slice(dataset, {0, static_cast<Index>(values.size())}, values);
    return values;
}

std::unique_ptr<H5Table> StoredResults::table(const std::string& where) const {
    if (!has(where) || !is_group(file_, where)) {
        return nullptr;
    }
    const Handle group = open_group(file_, where);
    const std::string index = read_string_attribute(group, "_index");
    const std::vector<hsize_t> shape = dataset_shape(open_dataset(group, index.empty() ? "_index" : index));
    return std::make_unique<H5Table>(path_, file_, where, shape.empty() ? 0 : static_cast<Index>(shape[0]));
}

}  // namespace lazynet::io
