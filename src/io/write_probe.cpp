#include "lazynet/io/write_probe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

namespace lazynet::io {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;

bool fill(int descriptor, std::uint64_t bytes) {
    const std::vector<char> piece(kPiece, 'x');
    for (std::uint64_t at = 0; at < bytes;) {
        const ssize_t n = write(descriptor, piece.data(), std::min<std::uint64_t>(kPiece, bytes - at));
        if (n <= 0) {
            return false;
        }
        at += static_cast<std::uint64_t>(n);
    }
    return fsync(descriptor) == 0;
}

}  // namespace

double write_rate(const std::string& path, std::uint64_t bytes) {
    const std::string folder = std::filesystem::absolute(path).parent_path().string();
    const auto start = std::chrono::steady_clock::now();
    const int descriptor = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    const bool done = descriptor >= 0 && fill(descriptor, bytes);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (descriptor >= 0) {
        close(descriptor);
    }
    return done && seconds > 0.0 ? static_cast<double>(bytes) / seconds : 0.0;
}

}  // namespace lazynet::io
