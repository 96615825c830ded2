#include "lazynet/io/filters.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#ifdef LAZYNET_HAVE_LZF
#include <lzf.h>
#endif

#include "lazynet/core/error.hpp"
#include "lazynet/io/h5.hpp"

namespace lazynet::io {
namespace {

constexpr H5Z_filter_t kLzf = 32000;

struct KnownFilter {
    H5Z_filter_t id;
    const char* name;
};

/// Registered filter numbers (HDF Group's list) that single-cell files are met with.
constexpr std::array<KnownFilter, 15> kKnownFilters{{{H5Z_FILTER_DEFLATE, "gzip"},
                                                     {H5Z_FILTER_SHUFFLE, "shuffle"},
                                                     {H5Z_FILTER_FLETCHER32, "fletcher32"},
                                                     {H5Z_FILTER_SZIP, "szip"},
                                                     {H5Z_FILTER_NBIT, "nbit"},
                                                     {H5Z_FILTER_SCALEOFFSET, "scale-offset"},
                                                     {kLzf, "lzf"},
                                                     {307, "bzip2"},
                                                     {305, "lzo"},
                                                     {32001, "blosc"},
                                                     {32004, "lz4"},
                                                     {32008, "bitshuffle"},
                                                     {32013, "zfp"},
                                                     {32015, "zstd"},
                                                     {32026, "blosc2"}}};

struct Filter {
    H5Z_filter_t id = 0;
    std::string name;
};

std::vector<Filter> filters_of(hid_t dataset) {
    const Handle plist(H5Dget_create_plist(dataset), H5Pclose, "read a dataset's properties");
    std::vector<Filter> filters;
    const int n = H5Pget_nfilters(plist);
    for (int i = 0; i < n; ++i) {
        std::array<char, 128> stored{};
        std::size_t parameters = 0;
        unsigned flags = 0;
        Filter filter;
        filter.id = H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &parameters, nullptr, stored.size(),
                                   stored.data(), nullptr);
        filter.name = stored.data();
        for (const KnownFilter& known : kKnownFilters) {
            if (known.id == filter.id) {
                filter.name = known.name;
            }
        }
        filters.push_back(filter);
    }
    return filters;
}

#ifdef LAZYNET_HAVE_LZF

/// HDF5's filter callback: `*buffer` holds one chunk as stored and is replaced by the unpacked one. h5py writes the
/// chunk's size in bytes as third parameter. Chunks that did not shrink are stored raw with this filter masked out,
/// and HDF5 does not call it for them. Returns the number of bytes, 0 on failure.
std::size_t lzf_filter(unsigned flags, std::size_t n_parameters, const unsigned* parameters, std::size_t n_bytes,
                       std::size_t* buffer_size, void** buffer) {
    if ((flags & H5Z_FLAG_REVERSE) == 0) {
        return 0;  // for reading only
    }
    std::size_t capacity = n_parameters >= 3 && parameters[2] != 0 ? parameters[2] : *buffer_size * 4;
    while (true) {
        void* unpacked = std::malloc(capacity);  // HDF5 frees it with free()
        if (unpacked == nullptr) {
            return 0;
        }
        const unsigned size =
            lzf_decompress(*buffer, static_cast<unsigned>(n_bytes), unpacked, static_cast<unsigned>(capacity));
        if (size != 0) {
            std::free(*buffer);
            *buffer = unpacked;
            *buffer_size = capacity;
            return size;
        }
        const bool too_small = errno == E2BIG;
        std::free(unpacked);
        if (!too_small || capacity > (std::size_t{1} << 31U)) {
            return 0;
        }
        capacity *= 2;
    }
}

#endif

}  // namespace

void register_filters() {
#ifdef LAZYNET_HAVE_LZF
    static const bool done = [] {
        const H5Z_class2_t lzf{H5Z_CLASS_T_VERS, kLzf, 1, 1, "lzf", nullptr, nullptr, lzf_filter};
        require(H5Zregister(&lzf), "register the lzf filter");
        return true;
    }();
    (void)done;
#endif
}

std::string compression_of(hid_t dataset) {
    std::string text;
    for (const Filter& filter : filters_of(dataset)) {
        text += (text.empty() ? "" : "+") + filter.name;
    }
    return text.empty() ? "not compressed" : text;
}

void require_filters(hid_t dataset, const std::string& where) {
    for (const Filter& filter : filters_of(dataset)) {
        if (H5Zfilter_avail(filter.id) <= 0) {
            H5Eclear2(H5E_DEFAULT);
            throw UserError(fmt::format(
                "{}: compressed with filter {} ({}), which is not available here; rewrite the file with gzip "
                "(anndata: write_h5ad(..., compression=\"gzip\")), or point HDF5_PLUGIN_PATH at the filter's plugin",
                where, filter.id, filter.name.empty() ? "unnamed" : filter.name));
        }
    }
}

}  // namespace lazynet::io
