#include "lazynet/io/input_file.hpp"

#include <filesystem>

#include "lazynet/core/error.hpp"
#include "lazynet/io/h5.hpp"

namespace lazynet::io {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_text_name(std::string name) {
    if (ends_with(name, ".gz")) {
        name.resize(name.size() - 3);
    }
    return ends_with(name, ".csv") || ends_with(name, ".tsv") || ends_with(name, ".txt");
}

/// 10x: /matrix, or one group per genome that holds barcodes.
bool is_10x(hid_t file) {
    if (has_link(file, "X") || has_link(file, "obs") || has_link(file, "layers")) {
        return false;
    }
    for (const std::string& name : link_names(file)) {
        H5O_info_t info;
        const bool is_group =
            H5Oget_info_by_name(file, name.c_str(), &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
        if (is_group && has_link(open_group(file, name), "barcodes")) {
            return true;
        }
    }
    return false;
}

}  // namespace

InputFile open_input(const ScreenOptions& options) {
    const std::string& path = options.path;
    std::error_code ignored;
    if (path.empty()) {
        throw UserError("no input file named");
    }
    if (!std::filesystem::exists(path, ignored)) {
        throw UserError(path + ": no such file");
    }
    if (std::filesystem::is_directory(path, ignored)) {
        return open_10x_folder(options);
    }
    if (is_text_name(path)) {
        return open_csv(options);
    }
    if (ends_with(path, ".mtx") || ends_with(path, ".mtx.gz")) {
        throw UserError(path + ": give the folder that holds matrix.mtx, features.tsv and barcodes.tsv instead");
    }
    return is_10x(open_for_reading(path)) ? open_10x_h5(options) : open_h5ad(options);
}

}  // namespace lazynet::io
