#include "lazynet/io/number_dataset.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "lazynet/core/error.hpp"
#include "lazynet/io/filters.hpp"

namespace lazynet::io {
namespace {

/// Largest chunk cache: a row of chunks of a dense matrix should fit.
constexpr std::size_t kMostCache = std::size_t{256} << 20U;
/// float64 is read in pieces of this many elements, which stay in the second-level cache.
constexpr Index kPiece = Index{1} << 16;

std::string type_name(hid_t type) {
    const std::size_t bits = H5Tget_size(type) * 8;
    switch (H5Tget_class(type)) {
        case H5T_FLOAT:
            return fmt::format("float{}", bits);
        case H5T_INTEGER:
            return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
        case H5T_ENUM:
            return "bool";
        default:
            return "";
    }
}

std::vector<hsize_t> chunk_shape(hid_t dataset, std::size_t rank) {
    const Handle plist(H5Dget_create_plist(dataset), H5Pclose, "read a dataset's properties");
    std::vector<hsize_t> chunk(rank);
    if (H5Pget_layout(plist) != H5D_CHUNKED || H5Pget_chunk(plist, static_cast<int>(rank), chunk.data()) < 0) {
        chunk.clear();
    }
    return chunk;
}

/// Room for the chunks that one row (or one element) of the next read shares with this one, twice.
Handle cached_access(const std::vector<hsize_t>& shape, const std::vector<hsize_t>& chunk, std::size_t width) {
    Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, "make a property list");
    std::size_t chunks = 2;
    std::size_t bytes = 2 * width;
    for (std::size_t d = 0; d < chunk.size(); ++d) {
        bytes *= chunk[d];
        if (d > 0) {
            const std::size_t across = (shape[d] + chunk[d] - 1) / chunk[d];
            bytes *= across;
            chunks *= across;
        }
    }
    const std::size_t one_mib = std::size_t{1} << 20U;
    require(H5Pset_chunk_cache(access, std::max<std::size_t>(chunks * 10 + 1, 521),
                               std::clamp(bytes, one_mib, kMostCache), 1.0),
            "size a chunk cache");
    return access;
}

}  // namespace

NumberDataset::NumberDataset(const std::string& file, hid_t parent, const std::string& path)
    : where_(file + ": " + path) {
    register_filters();
    if (!has_link(parent, path)) {
        throw UserError(fmt::format("{}: there is no dataset '{}' in this file", file, path));
    }
    try {
        dataset_ = open_dataset(parent, path);
        const Handle type(H5Dget_type(dataset_), H5Tclose, "read a dataset's type");
        const std::string name = type_name(type);
        if (name.empty()) {
            throw UserError("its elements are not numbers");
        }
        is_double_ = H5Tequal(type, H5T_NATIVE_DOUBLE) > 0;
        note_file();
        shape_ = dataset_shape(dataset_);
        storage_ = name + ", " + compression_of(dataset_);
        const std::vector<hsize_t> chunk = chunk_shape(dataset_, shape_.size());
        if (!chunk.empty()) {
            chunk_rows_ = static_cast<Index>(chunk[0]);
            const Handle access = cached_access(shape_, chunk, H5Tget_size(type));
            dataset_ = Handle(H5Dopen2(parent, path.c_str(), access), H5Dclose, "open it");
        }
    } catch (const UserError& e) {
        throw UserError(where_ + ": " + e.what());
    }
    require_filters(dataset_, where_);
}

void NumberDataset::note_file() {
    const Handle file(H5Iget_file_id(dataset_), H5Fclose, "find a dataset's file");
    const Handle access(H5Fget_access_plist(file), H5Pclose, "see how a file is read");
    void* handle = nullptr;
    if (H5Pget_driver(access) == H5FD_SEC2 && H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 &&
        H5Fget_filesize(file, &bytes_) >= 0) {
        descriptor_ = *static_cast<const int*>(handle);
    }
}

/// HDF5 takes what lies behind the end of a file for zeros, so a file that is cut off while it is read would be read to
/// its end, and wrong.
void NumberDataset::require_whole_file() const {
    struct stat facts {};
    if (descriptor_ >= 0 && fstat(descriptor_, &facts) == 0 && static_cast<hsize_t>(facts.st_size) < bytes_) {
        throw UserError(
            fmt::format("the file was cut off while it was read: {} bytes are left of {}", facts.st_size, bytes_));
    }
}

Index NumberDataset::size() const {
    if (shape_.size() != 1) {
        throw UserError(fmt::format("{}: expected one dimension, found {}", where_, shape_.size()));
    }
    return static_cast<Index>(shape_[0]);
}

Index NumberDataset::row_length() const {
    Index n = 1;
    for (std::size_t d = 1; d < shape_.size(); ++d) {
        n *= static_cast<Index>(shape_[d]);
    }
    return n;
}

void NumberDataset::read_as(hid_t type, Range range, void* out) const {
    if (range.size() == 0) {
        return;
    }
    Slab slab{std::vector<hsize_t>(shape_.size()), shape_};
    slab.start[0] = static_cast<hsize_t>(range.begin);
    slab.count[0] = static_cast<hsize_t>(range.size());
    try {
        read_slab(dataset_, type, slab, out,
                  fmt::format("read elements {} to {}; the file is damaged or truncated", range.begin, range.end));
        require_whole_file();
    } catch (const UserError& e) {
        throw UserError(where_ + ": " + e.what());
    }
}

void NumberDataset::read(Range range, std::span<float> out) {
    if (!is_double_) {
        read_as(H5T_NATIVE_FLOAT, range, out.data());
        return;
    }
    // HDF5's own float64 to float32 conversion checks every element for overflow; ours is one vector instruction.
    const Index row = row_length();
    const Index piece = std::max<Index>(kPiece / std::max<Index>(row, 1), 1);
    for (Index begin = range.begin; begin < range.end; begin += piece) {
        const Range part{begin, std::min(begin + piece, range.end)};
        wide_.resize(static_cast<std::size_t>(part.size() * row));
        read_as(H5T_NATIVE_DOUBLE, part, wide_.data());
        float* to = out.data() + (begin - range.begin) * row;
        std::transform(wide_.begin(), wide_.end(), to, [](double v) { return static_cast<float>(v); });
    }
}

void NumberDataset::read(Range range, std::span<std::int32_t> out) const {
    read_as(H5T_NATIVE_INT32, range, out.data());
}

void NumberDataset::read(Range range, std::span<std::int64_t> out) const {
    read_as(H5T_NATIVE_INT64, range, out.data());
}

}  // namespace lazynet::io
