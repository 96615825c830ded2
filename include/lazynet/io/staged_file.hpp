#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lazynet::io {

/// A file written under a temporary name (`<path>.tmp`) that appears under its own name whole, or not at all.
///
/// Until publish() the destructor removes the temporary file; so do SIGINT, SIGTERM and SIGHUP (which then end the
/// process as they would have anyway). Use on one rank. At most 16 at a time per process.
class StagedFile {
public:
    /// Makes the temporary file, empty. @throws UserError naming the file and the reason
    explicit StagedFile(std::string path);
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;
    ~StagedFile();

    /// The name to write to.
    [[nodiscard]] const std::string& path() const { return temporary_; }
    /// Writes the whole file. @throws UserError, as above
    void write(std::string_view text) const;
    /// Takes disk space for the first `bytes` bytes, whose content stays; the file becomes at least that long. A full
    /// disk shows here, in the open, and not while HDF5 closes a file, which it does not survive (1.10.8).
    /// @throws UserError, as above
    void reserve(std::int64_t bytes);
    /// Gives back what lies beyond `bytes`. @throws UserError, as above
    void trim(std::int64_t bytes);
    /// Makes what was written durable (fsync); returns the size in bytes. @throws UserError, as above
    [[nodiscard]] std::int64_t sync() const;
    /// Renames the file to its own name, replacing what is there. @throws UserError, as above
    void publish();

private:
    std::string final_;
    std::string temporary_;
    std::int64_t reserved_ = 0;
    int descriptor_ = -1;
    int slot_ = -1;
};

/// @throws UserError if the file system of `path` has less than `bytes` free
void require_space(const std::string& path, double bytes);

}  // namespace lazynet::io
