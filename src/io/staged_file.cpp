#include "lazynet/io/staged_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

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
        return true;
    }();
    (void)done;
}

[[noreturn]] void fail(const std::string& what, const std::string& path) {
    throw UserError("cannot " + what + " " + path + ": " + std::strerror(errno));
}

void sync_path(const std::string& path, int flags) {
    const int file = open(path.c_str(), flags);
    if (file < 0) {
        fail("open", path);
    }
    const int status = fsync(file);
    const int error = errno;
    close(file);
    if (status != 0) {
        errno = error;
        fail("write", path);
    }
}

}  // namespace

StagedFile::StagedFile(std::string path) : final_(std::move(path)), temporary_(final_ + ".tmp") {
    listen_once();
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
    std::FILE* file = std::fopen(temporary_.c_str(), "wb");
    if (file == nullptr) {
        fail("create", temporary_);
    }
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) {
        errno = written ? errno : error;
        fail("write", temporary_);
    }
}

std::int64_t StagedFile::sync() const {
    sync_path(temporary_, O_WRONLY);
    struct stat facts {};
    if (stat(temporary_.c_str(), &facts) != 0) {
        fail("read the size of", temporary_);
    }
    return facts.st_size;
}

void StagedFile::publish() {
    if (std::rename(temporary_.c_str(), final_.c_str()) != 0) {
        fail("rename " + temporary_ + " to", final_);
    }
    temporary_.clear();
    if (slot_ >= 0) {
        slots[static_cast<std::size_t>(slot_)].armed = false;
    }
    sync_path(std::filesystem::absolute(final_).parent_path().string(), O_RDONLY | O_DIRECTORY);
}

void require_space(const std::string& path, double bytes) {
    const std::string folder = std::filesystem::absolute(path).parent_path().string();
    struct statvfs facts {};
    if (statvfs(folder.c_str(), &facts) != 0) {
        fail("read the free space of", folder);
    }
    const double free = static_cast<double>(facts.f_bavail) * static_cast<double>(facts.f_frsize);
    if (free < bytes) {
        throw UserError(fmt::format("{}: about {:.1f} MB are needed, but the disk has {:.1f} MB free", path, bytes / 1e6,
                                    free / 1e6));
    }
}

}  // namespace lazynet::io
