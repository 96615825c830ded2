#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/io/checkpoint_folder.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kStretches = 64;
constexpr std::int64_t kStretch = std::int64_t{64} << 10;

struct Digest {
    std::int64_t size = 0;
    std::uint32_t checksum = 0;
};

/// Goes on with what the files before have given.
void add_file(Digest& digest, const std::string& path) {
    const RawFile file = RawFile::for_reading(path);
    const std::int64_t size = file.size();
    const bool is_small = size <= kStretches * kStretch;
    const std::int64_t stretches = is_small ? (size + kStretch - 1) / kStretch : kStretches;
    std::vector<std::byte> stretch;
    for (std::int64_t i = 0; i < stretches; ++i) {
        const std::int64_t begin = is_small ? i * kStretch : i * (size - kStretch) / (kStretches - 1);
        stretch.resize(static_cast<std::size_t>(std::min(kStretch, size - begin)));
        if (!file.read(begin, stretch)) {
            throw UserError("cannot read " + path + ": it became shorter meanwhile");
        }
        digest.checksum = checksum_of(stretch, digest.checksum);
    }
    digest.size += size;
}

/// Names below the folder, in order; empty for a file.
std::vector<std::string> files_below(const std::string& path) {
    std::vector<std::string> names;
    try {
        if (fs::is_directory(path)) {
            for (const auto& entry : fs::recursive_directory_iterator(path)) {
                if (entry.is_regular_file()) {
                    names.push_back(entry.path().lexically_relative(path).string());
                }
            }
        } else if (fs::exists(path) && !fs::is_regular_file(path)) {
            throw UserError("cannot tell whether " + path +
                            " is the same when the run is resumed: it is no file; save it as one");
        }
    } catch (const fs::filesystem_error& e) {
        throw UserError("cannot read " + path + ": " + e.code().message());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::string content_digest(const std::string& path) {
    Digest digest;
    const std::vector<std::string> names = files_below(path);
    for (const std::string& name : names) {
        digest.checksum = checksum_of(std::as_bytes(std::span(name.c_str(), name.size() + 1)), digest.checksum);
        add_file(digest, path + "/" + name);
    }
    if (std::error_code ignored; !fs::is_directory(path, ignored)) {
        add_file(digest, path);
    }
    return std::to_string(digest.size) + " bytes, checksum " + checksum_text(digest.checksum);
}

}  // namespace lazynet::io
