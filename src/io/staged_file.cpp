#include "lazynet/io/staged_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

/// What the signal handler may remove: fixed memory, as a handler must not allocate.
struct Slot {
    std::atomic<bool> taken = false;
    std::atomic<bool> armed = false;
    std::array<char, PATH_MAX> path{};
};
std::array<Slot, 16> slots;

extern "C" void remove_and_end(int signal) {
    for (Slot& slot : slots) {
        if (slot.armed.load()) {
            unlink(slot.path.data());
        }
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void listen_once() {
    static const bool done = [] {
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction before {};
            sigaction(signal, nullptr, &before);
            if (before.sa_handler == SIG_DFL) {  // nobody else has plans with it, and nohup keeps its meaning
                std::signal(signal, remove_and_end);
            }
        }
        std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is then an error of the write, like a full disk
        return true;
    }();
    (void)done;
}

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
    throw UserError("cannot " + what + " " + path + ": " + std::strerror(error));
}

}  // namespace

StagedFile::StagedFile(std::string path) : final_(std::move(path)), temporary_(final_ + ".tmp") {
    listen_once();
    descriptor_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
        fail("create", temporary_, errno);
    }
    for (std::size_t i = 0; i < slots.size() && slot_ < 0; ++i) {
        bool free = false;
        if (temporary_.size() < PATH_MAX && slots[i].taken.compare_exchange_strong(free, true)) {
            std::memcpy(slots[i].path.data(), temporary_.c_str(), temporary_.size() + 1);
            slots[i].armed = true;
            slot_ = static_cast<int>(i);
        }
    }
}

StagedFile::~StagedFile() {
    close(descriptor_);
    if (!temporary_.empty()) {
        unlink(temporary_.c_str());
    }
    if (slot_ >= 0) {
        Slot& slot = slots[static_cast<std::size_t>(slot_)];
        slot.armed = false;
        slot.taken = false;
    }
}

void StagedFile::write(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t n = ::write(descriptor_, text.data(), text.size());
        if (n < 0 && errno != EINTR) {
            fail("write", temporary_, errno);
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    }
}

void StagedFile::reserve(std::int64_t bytes) {
    if (bytes <= reserved_) {
        return;
    }
    if (const int error = posix_fallocate(descriptor_, reserved_, bytes - reserved_); error != 0) {
        fail("write", temporary_, error);
    }
    reserved_ = bytes;
}

void StagedFile::trim(std::int64_t bytes) {
    if (ftruncate(descriptor_, bytes) != 0) {
        fail("shorten", temporary_, errno);
    }
}

std::int64_t StagedFile::sync() const {
    struct stat facts {};
    if (fsync(descriptor_) != 0 || fstat(descriptor_, &facts) != 0) {
        fail("write", temporary_, errno);
    }
    return facts.st_size;
}

void StagedFile::publish() {
    if (std::rename(temporary_.c_str(), final_.c_str()) != 0) {
        fail("rename " + temporary_ + " to", final_, errno);
    }
    temporary_.clear();
    if (slot_ >= 0) {
        slots[static_cast<std::size_t>(slot_)].armed = false;
    }
    const std::string folder = std::filesystem::absolute(final_).parent_path().string();
    const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        fail("open", folder, errno);
    }
    const int error = fsync(directory) == 0 ? 0 : errno;
    close(directory);
    if (error != 0 && error != EINVAL) {  // some file systems cannot sync a folder
        fail("write", folder, error);
    }
}

void require_space(const std::string& path, double bytes) {
    const std::string folder = std::filesystem::absolute(path).parent_path().string();
    struct statvfs facts {};
    if (statvfs(folder.c_str(), &facts) != 0) {
        fail("read the free space of", folder, errno);
    }
    const double free = static_cast<double>(facts.f_bavail) * static_cast<double>(facts.f_frsize);
    if (free < bytes) {
        throw UserError(fmt::format("{}: about {:.1f} MB are needed, but the disk has {:.1f} MB free", path,
                                    bytes / 1e6, free / 1e6));
    }
}

}  // namespace lazynet::io
