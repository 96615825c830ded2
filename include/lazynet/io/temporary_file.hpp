#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace lazynet::io {

/// Bytes this user can still write in the folder of `path`; the largest number when that cannot be known.
std::uint64_t free_bytes(const std::string& path);
/// @throws UserError with both numbers if the folder of `path` has less than `bytes` free
void require_space(const std::string& path, std::uint64_t bytes);
/// Throws UserError: "cannot write <path>: <reason of errno's `error`>", with the free space where there is too little.
[[noreturn]] void fail_to_write(const std::string& path, int error);

/// Makes durable that `path` is there, or is not any more: a rename is on disk only when its folder is.
/// @throws UserError
void sync_folder_of(const std::string& path);

/// A pipe, a device, or what leads to whatever is open (/dev/stdout, /dev/fd/3): nothing a rename may replace.
bool is_stream(const std::string& path);

/// A file under construction: it has a temporary name beside `output` until `publish` gives it its own, so readers see
/// the old file or the whole new one and nothing between.
///
/// Until then the destructor removes it; so do SIGINT, SIGTERM and SIGHUP (which then end the process as they would
/// have anyway; at most 16 files at a time). Nobody removes what another run has put under the temporary name. Not
/// collective: one rank makes it.
class TemporaryFile {
public:
    /// Replaces what a killed run may have left under the temporary name.
    /// @throws UserError naming the file and the reason if it cannot be made, or if `output` is a folder or a stream
    explicit TemporaryFile(std::string output);
    /// Takes up what an interrupted run has kept: the file under the temporary name of `output`, if it is the one of
    /// that mark; otherwise nothing.
    static std::unique_ptr<TemporaryFile> taken_up(const std::string& output, const std::string& mark);
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile();

    /// The temporary name of `output`, the same on every rank.
    static std::string name_for(const std::string& output);
    /// Removes the temporary file of `output` if it is the one with this identity: for ranks that did not make it.
    static void remove(const std::string& output, std::uint64_t identity);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// What tells this file from others that had or will have its name.
    [[nodiscard]] std::uint64_t identity() const { return identity_; }
    /// The same over processes: inode, time of birth where the file system knows it, size. @throws UserError
    [[nodiscard]] std::string mark() const;
    /// If set, it stays when this object or the process ends, for a run to take up.
    void keep(bool keep);
    /// Open for writing from its beginning until publish.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// Takes the disk space for the first `bytes` bytes, whose content stays; the file becomes at least that long. A
    /// full disk or quota so shows before hours of work, and in the open: not while HDF5 closes a file, which it does
    /// not survive (1.10.8). Where the file system cannot reserve, only what lies behind the end is taken, with zeros.
    /// @throws UserError if there is not enough
    void reserve(std::uint64_t bytes);
    /// Gives back what lies behind the first `bytes` bytes. @throws UserError
    void trim(std::uint64_t bytes);
    /// Makes what was written durable; returns the size in bytes. @throws UserError
    [[nodiscard]] std::uint64_t sync() const;
    /// Flushes to disk, renames to `output`, flushes the folder.
    /// @throws UserError also when another run has taken the temporary name meanwhile
    void publish();

private:
    TemporaryFile(std::string output, int descriptor);
    void guard();
    std::string output_;
    std::string name_;
    bool kept_ = false;
    std::uint64_t identity_ = 0;
    std::uint64_t reserved_ = 0;
    int descriptor_ = -1;
    int slot_ = -1;  // of what signals remove; -1: none
};

}  // namespace lazynet::io
