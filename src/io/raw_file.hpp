#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lazynet::io {

/// An open file that is read or written at given places, in pieces that every file system takes. Not collective.
class RawFile {
public:
    /// @throws UserError naming file and reason
    static RawFile for_reading(const std::string& path);
    /// A file that is there already; `shown` is the name that errors tell.
    static RawFile for_writing(const std::string& path, std::string shown);
    RawFile(RawFile&& other) noexcept;
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;
    RawFile& operator=(RawFile&&) = delete;
    ~RawFile();

    [[nodiscard]] std::int64_t size() const;
    /// Its inode, as TemporaryFile::identity.
    [[nodiscard]] std::uint64_t identity() const;
    /// @return false where the file ends too early @throws UserError
    [[nodiscard]] bool read(std::int64_t offset, std::span<std::byte> bytes) const;
    /// @throws UserError
    void write(std::int64_t offset, std::span<const std::byte> bytes);
    /// Flushes to disk and closes. @throws UserError: some file systems tell only now what was not written
    void finish();

private:
    RawFile(int descriptor, std::string shown);
    int descriptor_;
    std::string shown_;
};

/// CRC-32 (of gzip), of what follows on bytes whose checksum is `before`.
std::uint32_t checksum_of(std::span<const std::byte> bytes, std::uint32_t before = 0);

/// "89abcdef"
std::string checksum_text(std::uint32_t checksum);

}  // namespace lazynet::io
