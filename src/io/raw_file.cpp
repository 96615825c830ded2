#include "raw_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::io {
namespace {

/// Longest single transfer, bytes.
constexpr std::size_t kPiece = std::size_t{64} << 20;

[[noreturn]] void fail_to_read(const std::string& path, int error) {
    throw UserError("cannot read " + path + ": " + std::strerror(error));
}

struct stat facts_of(int descriptor, const std::string& path) {
    struct stat facts {};
    if (fstat(descriptor, &facts) != 0) {
        fail_to_read(path, errno);
    }
    return facts;
}

}  // namespace

RawFile::RawFile(int descriptor, std::string shown) : descriptor_(descriptor), shown_(std::move(shown)) {}

RawFile::RawFile(RawFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), shown_(std::move(other.shown_)) {}

RawFile::~RawFile() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

RawFile RawFile::for_reading(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        fail_to_read(path, errno);
    }
    return {descriptor, path};
}

RawFile RawFile::for_writing(const std::string& path, std::string shown) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
        fail_to_write(shown, errno);
    }
    return {descriptor, std::move(shown)};
}

std::int64_t RawFile::size() const {
    return facts_of(descriptor_, shown_).st_size;
}

std::uint64_t RawFile::identity() const {
    return facts_of(descriptor_, shown_).st_ino;
}

bool RawFile::read(std::int64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t got = pread(descriptor_, bytes.data(), std::min(kPiece, bytes.size()), offset);
        if (got == 0) {
            return false;
        }
        if (got < 0 && errno != EINTR) {
            fail_to_read(shown_, errno);
        }
        if (got > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(got));
            offset += got;
        }
    }
    return true;
}

void RawFile::write(std::int64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = pwrite(descriptor_, bytes.data(), std::min(kPiece, bytes.size()), offset);
        if (written < 0 && errno != EINTR) {
            fail_to_write(shown_, errno);
        }
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            offset += written;
            mpi::made_progress();
        }
    }
}

void RawFile::finish() {
    if (fsync(descriptor_) != 0) {
        fail_to_write(shown_, errno);
    }
    if (close(std::exchange(descriptor_, -1)) != 0) {
        fail_to_write(shown_, errno);
    }
}

std::uint32_t checksum_of(std::span<const std::byte> bytes, std::uint32_t before) {
    // Of no bytes at all zlib would give the start value back, and forget what was before.
    return bytes.empty() ? before
                         : static_cast<std::uint32_t>(
                               crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string checksum_text(std::uint32_t checksum) {
    return fmt::format("{:08x}", checksum);
}

}  // namespace lazynet::io
