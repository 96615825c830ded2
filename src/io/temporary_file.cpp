#include "lazynet/io/temporary_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

/// Inode numbers are the same on all nodes that share a file system; device numbers need not be. That of an open file
/// is not given away, so a file that replaces ours has another.
bool is_named(const char* name, std::uint64_t identity) {
    struct stat found {};
    return stat(name, &found) == 0 && found.st_ino == identity;
}

void remove_if_named(const char* name, std::uint64_t identity) {
    if (is_named(name, identity)) {
        unlink(name);
    }
}

/// What the signal handler may remove: fixed memory, as a handler must not allocate.
struct Slot {
    std::atomic<bool> taken = false;
    std::atomic<bool> armed = false;
    std::uint64_t identity = 0;
    std::array<char, PATH_MAX> name{};
};
std::array<Slot, 16> slots;

extern "C" void remove_and_end(int signal) {
    for (const Slot& slot : slots) {
        if (slot.armed.load()) {
            remove_if_named(slot.name.data(), slot.identity);
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

std::string folder_of(const std::string& path) {
    return fs::absolute(path).parent_path().string();
}

bool is_too_little_space(int error) {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

void sync_to_disk(int descriptor, const std::string& path) {
    if (fsync(descriptor) != 0 && errno != EINVAL &&
        errno != EROFS) {  // EINVAL: some file systems cannot sync a folder
        fail_to_write(path, errno);
    }
}

struct stat facts_of(int descriptor, const std::string& path) {
    struct stat facts {};
    if (fstat(descriptor, &facts) != 0) {
        fail_to_write(path, errno);
    }
    return facts;
}

}  // namespace

std::uint64_t free_bytes(const std::string& path) {
    struct statvfs info {};
    if (statvfs(folder_of(path).c_str(), &info) != 0) {
        return std::numeric_limits<std::uint64_t>::max();
    }
    return std::uint64_t{info.f_bavail} * info.f_frsize;
}

void require_space(const std::string& path, std::uint64_t bytes) {
    if (const std::uint64_t available = free_bytes(path); bytes > available) {
        throw UserError("cannot write " + path + ": it needs " + size_text(bytes) + " and its folder has " +
                        size_text(available) + " free; make room, write elsewhere, or store less");
    }
}

void fail_to_write(const std::string& path, int error) {
    std::string text = "cannot write " + path + ": " + std::strerror(error);
    if (error == ENOSPC || error == EDQUOT) {
        text += " (" + size_text(free_bytes(path)) + " free in " + folder_of(path) + ")";
    }
    throw UserError(text);
}

void sync_folder_of(const std::string& path) {
    const int folder = open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        sync_to_disk(folder, path);
        close(folder);
    }
}

bool is_stream(const std::string& path) {
    std::error_code ignored;
    if (fs::is_symlink(path, ignored)) {
        const auto is_process = [](const fs::path& target) { return target.native().starts_with("/proc/"); };
        if (is_process(fs::read_symlink(path, ignored)) || is_process(fs::canonical(folder_of(path), ignored))) {
            return true;
        }
    }
    return fs::exists(path, ignored) && !fs::is_regular_file(path, ignored) && !fs::is_directory(path, ignored);
}

std::string TemporaryFile::name_for(const std::string& output) {
    return output + ".tmp-lazynet";
}

void TemporaryFile::remove(const std::string& output, std::uint64_t identity) {
    remove_if_named(name_for(output).c_str(), identity);
}

TemporaryFile::TemporaryFile(std::string output) : output_(std::move(output)), name_(name_for(output_)) {
    if (std::error_code ignored; is_stream(output_) || fs::is_directory(output_, ignored)) {
        throw UserError("cannot write " + output_ + ": it is there and no file that can be replaced");
    }
    listen_once();
    unlink(name_.c_str());
    descriptor_ = open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
        fail_to_write(output_, errno);
    }
    identity_ = facts_of(descriptor_, output_).st_ino;
    guard();
}

/// Of a file that is there.
TemporaryFile::TemporaryFile(std::string output, int descriptor)
    : output_(std::move(output)), name_(name_for(output_)), kept_(true), descriptor_(descriptor) {
    listen_once();
    identity_ = facts_of(descriptor_, output_).st_ino;
    guard();
}

std::unique_ptr<TemporaryFile> TemporaryFile::taken_up(const std::string& output, const std::string& mark) {
    const int descriptor = open(name_for(output).c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) {
        return nullptr;
    }
    std::unique_ptr<TemporaryFile> file(new TemporaryFile(output, descriptor));
    return file->mark() == mark ? std::move(file) : nullptr;  // kept: not ours to remove if it is another
}

std::string TemporaryFile::mark() const {
    struct statx facts {};
    if (statx(descriptor_, "", AT_EMPTY_PATH, STATX_INO | STATX_SIZE | STATX_BTIME, &facts) != 0) {
        fail_to_write(output_, errno);
    }
    // Inode numbers are given away again once nobody has the file: the time of birth tells those apart.
    const bool has_birth = (facts.stx_mask & STATX_BTIME) != 0;
    return "inode " + std::to_string(facts.stx_ino) + ", born " +
           (has_birth ? std::to_string(facts.stx_btime.tv_sec) + "." + std::to_string(facts.stx_btime.tv_nsec) : "?") +
           ", " + std::to_string(facts.stx_size) + " bytes";
}

void TemporaryFile::keep(bool keep) {
    kept_ = keep;
    if (slot_ >= 0) {
        slots[static_cast<std::size_t>(slot_)].armed = !keep;
    }
}

/// Takes a slot, where there is one left.
void TemporaryFile::guard() {
    for (std::size_t i = 0; i < slots.size() && slot_ < 0 && name_.size() < PATH_MAX; ++i) {
        bool free = false;
        if (slots[i].taken.compare_exchange_strong(free, true)) {
            std::memcpy(slots[i].name.data(), name_.c_str(), name_.size() + 1);
            slots[i].identity = identity_;
            slots[i].armed = !kept_;
            slot_ = static_cast<int>(i);
        }
    }
}

TemporaryFile::~TemporaryFile() {
    if (descriptor_ >= 0) {  // not published
        if (!kept_) {
            remove_if_named(name_.c_str(), identity_);
        }
        close(descriptor_);
    }
    if (slot_ >= 0) {
        Slot& slot = slots[static_cast<std::size_t>(slot_)];
        slot.armed = false;
        slot.taken = false;
    }
}

void TemporaryFile::reserve(std::uint64_t bytes) {
    if (bytes <= reserved_) {
        return;
    }
    const auto end = static_cast<off_t>(bytes);
    auto begin = static_cast<off_t>(reserved_);
    int error = 0;
    do {
        error = fallocate(descriptor_, 0, begin, end - begin) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error != 0 && !is_too_little_space(error)) {  // the file system cannot reserve; posix_fallocate writes instead
        begin = std::max(begin, facts_of(descriptor_, output_).st_size);
        error = end > begin ? posix_fallocate(descriptor_, begin, end - begin) : 0;
    }
    if (is_too_little_space(error)) {
        fail_to_write(output_, error);
    }
    reserved_ = bytes;
}

void TemporaryFile::trim(std::uint64_t bytes) {
    if (ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
        fail_to_write(output_, errno);
    }
    reserved_ = std::min(reserved_, bytes);
}

std::uint64_t TemporaryFile::sync() const {
    sync_to_disk(descriptor_, output_);
    return static_cast<std::uint64_t>(facts_of(descriptor_, output_).st_size);
}

void TemporaryFile::publish() {
    sync_to_disk(descriptor_, output_);
    if (!is_named(name_.c_str(), identity_)) {
        throw UserError("cannot write " + output_ + ": " + name_ +
                        " was replaced meanwhile; is another run writing the same output?");
    }
    if (rename(name_.c_str(), output_.c_str()) != 0) {
        fail_to_write(output_, errno);
    }
    close(std::exchange(descriptor_, -1));  // its bytes are on disk
    sync_folder_of(output_);
}

}  // namespace lazynet::io
