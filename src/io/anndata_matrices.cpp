#include "lazynet/io/anndata_matrices.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "lazynet/io/anndata_elements.hpp"
#include "lazynet/io/h5_write.hpp"

namespace lazynet::io {
namespace {

constexpr hsize_t kChunkedFrom = hsize_t{4} << 20;  // bytes
constexpr hsize_t kChunk = hsize_t{2} << 20;        // bytes, about
constexpr hsize_t kPiece = hsize_t{1} << 16;        // elements a growing array grows by; four pieces fit HDF5's cache
constexpr unsigned kGzipLevel = 1;                  // with the bytes shuffled, higher levels cost much and gain little

Extents shape_of(Index rows, Index cols) {
    return {static_cast<hsize_t>(rows), static_cast<hsize_t>(cols)};
}

void set_chunk(hid_t list, const Extents& chunk) {
    require(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), "set a chunk's shape");
}

void set_compression(hid_t list, Compression compression) {
    if (compression == Compression::gzip) {
        require(H5Pset_shuffle(list), "turn on the shuffle filter");
        require(H5Pset_deflate(list, kGzipLevel), "turn on gzip");
    }
}

Handle create_array(const Place& to, hid_t type, const Extents& shape, hid_t list, const Extents& maximum = {}) {
    Handle dataset = create_dataset(to.group, to.name, type, shape, list, maximum);
    write_encoding(dataset, "array", "0.2.0");
    return dataset;
}

/// Chunks of whole rows; empty: not chunked.
Extents dense_chunk(const Extents& shape) {
    const hsize_t row_bytes = shape[1] * sizeof(float);
    if (shape[0] * row_bytes < kChunkedFrom) {
        return {};
    }
    return {std::clamp<hsize_t>(kChunk / row_bytes, 1, shape[0]), shape[1]};
}

/// Space is taken at once and never filled: what is declared will be written whole, later, by all ranks.
void declare(const Place& to, hid_t type, const Extents& shape, const Extents& chunk) {
    const Handle list = untimed(H5P_DATASET_CREATE);
    if (!is_empty(shape)) {
        if (!chunk.empty()) {
            set_chunk(list, chunk);
        }
        require(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), "ask for early allocation");
        require(H5Pset_fill_time(list, H5D_FILL_TIME_NEVER), "turn filling off");
    }
    create_array(to, type, shape, list);
}

}  // namespace

void declare_dense(hid_t parent, const std::string& where, Index rows, Index cols) {
    declare(place_of(parent, where), H5T_IEEE_F32LE, shape_of(rows, cols), dense_chunk(shape_of(rows, cols)));
}

std::uint64_t dense_bytes(Index rows, Index cols) {
    const Extents shape = shape_of(rows, cols);
    const Extents chunk = dense_chunk(shape);
    const hsize_t kept = chunk.empty() ? shape[0] : (shape[0] + chunk[0] - 1) / chunk[0] * chunk[0];
    return kept * shape[1] * sizeof(float);
}

void declare_csr(hid_t parent, const std::string& where, Index rows, Index cols, Index per_row) {
    const Handle matrix = create_csr(parent, where);
    write_shape(matrix, rows, cols);
    std::vector<std::int64_t> starts(static_cast<std::size_t>(rows) + 1);
    for (std::size_t r = 0; r < starts.size(); ++r) {
        starts[r] = static_cast<std::int64_t>(r) * per_row;
    }
    const bool wide = starts.back() > std::numeric_limits<std::int32_t>::max();
    write_row_starts(matrix, starts, wide);
    const Extents stored = {static_cast<hsize_t>(rows * per_row)};
    declare(place_of(matrix, "indices"), wide ? H5T_STD_I64LE : H5T_STD_I32LE, stored, {});
    declare(place_of(matrix, "data"), H5T_IEEE_F32LE, stored, {});
}

Handle create_dense(hid_t parent, const std::string& where, Index rows, Index cols, Compression compression) {
    const Extents shape = shape_of(rows, cols);
    const Handle list = untimed(H5P_DATASET_CREATE);
    if (compression != Compression::none) {
        set_chunk(list, {1, shape[1]});
        set_compression(list, compression);
    }
    return create_array(place_of(parent, where), H5T_IEEE_F32LE, shape, list);
}

void write_rows(hid_t matrix, Index first, std::span<const float> values) {
    const hsize_t cols = dataset_shape(matrix)[1];
    write_slab(matrix, H5T_NATIVE_FLOAT, {{static_cast<hsize_t>(first), 0}, {values.size() / cols, cols}},
               values.data(), "write rows");
}

Handle create_csr(hid_t parent, const std::string& where) {
    return create_group(place_of(parent, where), "csr_matrix", "0.1.0");
}

void write_shape(hid_t matrix, Index rows, Index cols) {
    const std::int64_t shape[] = {rows, cols};
    write_attribute(matrix, "shape", H5T_STD_I64LE, {2}, shape);
}

void write_row_starts(hid_t matrix, std::span<const std::int64_t> starts, bool wide) {
    if (wide) {
        write_array(matrix, "indptr", starts);
    } else {
        write_array(matrix, "indptr", std::vector<std::int32_t>(starts.begin(), starts.end()));
    }
}

GrowingArray::GrowingArray(hid_t parent, const std::string& where, hid_t type, Compression compression) {
    const Handle list = untimed(H5P_DATASET_CREATE);
    set_chunk(list, {kPiece});
    require(H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC), "set the fill time");  // the last chunk's rest has fixed bytes
    set_compression(list, compression);
    dataset_ = create_array(place_of(parent, where), type, {0}, list, {H5S_UNLIMITED});
}

void GrowingArray::append(const void* values, std::size_t n, hid_t type) {
    if (n == 0) {
        return;
    }
    const hsize_t start = size_;
    size_ += n;
    require(H5Dset_extent(dataset_, &size_), "enlarge a dataset");
    write_slab(dataset_, type, {{start}, {n}}, values, "write to a dataset");
}

std::uint64_t GrowingArray::room_for(std::size_t n, std::size_t size) {
    // Whole chunks, one more for the one that is open; random bits may grow a little under gzip.
    return (n / kPiece + 2) * (kPiece * size + 1024);
}

}  // namespace lazynet::io
