#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lazynet::io {

/// "1.30 GB": bytes for people, powers of 1000.
std::string size_text(std::uint64_t bytes);

/// Bytes this user can still write in the folder of `path`; the largest number when that cannot be known.
std::uint64_t free_bytes(const std::string& path);

/// A file under construction: it has a temporary name beside `output` until `publish` gives it its own, so readers see
/// the old file or the whole new one and nothing between. Not collective: one rank makes it.
class TemporaryFile {
public:
    /// Replaces what a killed run may have left under the temporary name.
    /// @throws UserError naming the file and the reason if it cannot be made
    explicit TemporaryFile(std::string output);
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    /// Removes the file unless it was published.
    ~TemporaryFile();

    /// The temporary name of `output`, the same on every rank.
    static std::string name_for(const std::string& output);
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Open for writing from its beginning until publish.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// Takes the disk space for the whole file now, where the file system can, so a full disk or quota shows before
    /// hours of work and not after. @throws UserError if there is not enough
    void reserve(std::uint64_t bytes);
    /// Flushes to disk, renames to `output`, flushes the folder.
    /// @throws UserError also when another run has taken the temporary name meanwhile
    void publish();

private:
    [[nodiscard]] bool is_ours() const;
    std::string output_;
    std::string name_;
    int descriptor_ = -1;
    bool published_ = false;
};

/// Writes a text file, or a gzip file when the name ends in ".gz", whole or not at all. Buffered; every write is
/// checked. The same text gives the same bytes (the gzip header holds neither name nor time). Not collective.
class OutputFile {
public:
    /// @throws UserError if the file cannot be made
    explicit OutputFile(std::string path);
    ~OutputFile();
    /// @throws UserError naming the file and the reason, like a full disk
    void write(std::string_view text);
    /// The file appears under its name. Without commit nothing remains of it. @throws UserError
    void commit();

private:
    struct Gzip;
    void drain(bool last);
    void put(const char* bytes, std::size_t size);
    std::string path_;
    TemporaryFile file_;
    std::string buffer_;
    std::unique_ptr<Gzip> gzip_;
};

}  // namespace lazynet::io
