#include "lazynet/io/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace lazynet::io {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

bool ends_in_gz(const std::string& path) {
    return path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0;
}

}  // namespace

struct OutputFile::Gzip {
    z_stream stream{};
    std::array<char, std::size_t{1} << 18> out{};
    Gzip() {
        // Level 1: three times faster than the default on edge lists, a tenth larger. 15 + 16: window and gzip header.
        if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    ~Gzip() { deflateEnd(&stream); }
};

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), gzip_(ends_in_gz(path_) ? std::make_unique<Gzip>() : nullptr) {
    if (is_stream(path_)) {
        descriptor_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        if (descriptor_ < 0) {
            fail_to_write(path_, errno);
        }
    } else {
        descriptor_ = file_.emplace(path_).descriptor();
    }
    buffer_.reserve(kBuffer);
}

OutputFile::~OutputFile() {
    if (!file_) {
        close(descriptor_);
    }
}

void OutputFile::put(const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t written = ::write(descriptor_, bytes, size);
        if (written < 0 && errno != EINTR) {
            fail_to_write(path_, errno);
        }
        if (written > 0) {
            bytes += written;
            size -= static_cast<std::size_t>(written);
        }
    }
}

void OutputFile::drain(bool last) {
    if (!gzip_) {
        put(buffer_.data(), buffer_.size());
        buffer_.clear();
        return;
    }
    z_stream& stream = gzip_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream.avail_in = static_cast<uInt>(buffer_.size());
    do {  // until deflate leaves room: then it has taken all of the input
        stream.next_out = reinterpret_cast<Bytef*>(gzip_->out.data());
        stream.avail_out = static_cast<uInt>(gzip_->out.size());
        deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
        put(gzip_->out.data(), gzip_->out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    buffer_.clear();
}

void OutputFile::write(std::string_view text) {
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, kBuffer - buffer_.size());
        buffer_.append(piece);
        text.remove_prefix(piece.size());
        if (buffer_.size() == kBuffer) {
            drain(false);
        }
    }
}

std::uint64_t OutputFile::finish() {
    if (!finished_) {
        drain(true);
        finished_ = true;
    }
    return file_ ? file_->sync() : 0;
}

void OutputFile::commit() {
    finish();
    if (file_) {
        file_->publish();
    }
}

}  // namespace lazynet::io
