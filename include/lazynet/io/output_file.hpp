#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lazynet/io/temporary_file.hpp"

namespace lazynet::io {

/// Writes a text file, or a gzip file when the name ends in ".gz", whole or not at all. Buffered; every write is
/// checked. The same text gives the same bytes (the gzip header holds neither name nor time). A stream is
/// written as it is, see is_stream. Not collective.
class OutputFile {
public:
    /// @throws UserError if the file cannot be made
    explicit OutputFile(std::string path);
    ~OutputFile();
    /// @throws UserError naming the file and the reason, like a full disk
    void write(std::string_view text);
    /// Makes the file durable under its temporary name; returns its size in bytes. Nothing may be written any more. For
    /// files that are to appear together: finish all, then commit all. @throws UserError
    std::uint64_t finish();
    /// The file appears under its name. Without commit nothing remains of it. @throws UserError
    void commit();

private:
    struct Gzip;
    void drain(bool last);
    void put(const char* bytes, std::size_t size);
    std::string path_;
    std::optional<TemporaryFile> file_;  // nothing for a stream
    int descriptor_ = -1;
    std::string buffer_;
    std::unique_ptr<Gzip> gzip_;
    bool finished_ = false;
};

}  // namespace lazynet::io
