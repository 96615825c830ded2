#include "lazynet/mpi/heartbeat.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace lazynet::mpi {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<Stage>::is_always_lock_free &&
              std::atomic<bool>::is_always_lock_free);

void SharedText::store(std::string_view text) {
    Bytes bytes{};
    std::memcpy(bytes.data(), text.data(), std::min(text.size(), kLength - 1));
    for (std::size_t k = 0; k < words_.size(); ++k) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + k * sizeof word, sizeof word);
        words_[k].store(word, std::memory_order_relaxed);
    }
}

SharedText::Bytes SharedText::load() const {
    Bytes bytes{};
    for (std::size_t k = 0; k < words_.size(); ++k) {
        const std::uint64_t word = words_[k].load(std::memory_order_relaxed);
        std::memcpy(bytes.data() + k * sizeof word, &word, sizeof word);
    }
    bytes.back() = '\0';
    return bytes;
}

/// The ranks' heartbeats follow it.
struct HeartbeatBoard::Layout {
    alignas(Heartbeat) std::atomic<int> ending{0};
    [[nodiscard]] Heartbeat* first() { return reinterpret_cast<Heartbeat*>(this + 1); }
    static std::size_t bytes(std::size_t ranks) { return sizeof(Layout) + ranks * sizeof(Heartbeat); }
};

HeartbeatBoard::HeartbeatBoard(const Communicator& node) {
    if (node.size() == 1 || !map_shared(node)) {
        map_alone();
    }
}

/// False, on all ranks, if one of them cannot.
bool HeartbeatBoard::map_shared(const Communicator& node) {
    const auto count = static_cast<std::size_t>(node.size());
    bytes_ = Layout::bytes(count);
    std::string name = "/dev/shm/lazynet-board-XXXXXX";
    int file = -1;
    if (node.is_root()) {
        file = mkstemp(name.data());
        // Without its room a file in memory answers the first touch with SIGBUS.
        if (file >= 0 && posix_fallocate(file, 0, static_cast<off_t>(bytes_)) != 0) {
            close(file);
            unlink(name.c_str());
            file = -1;
        }
    }
    name = node.broadcast(name);
    if (!node.is_root()) {
        file = open(name.c_str(), O_RDWR | O_CLOEXEC);
    }
    memory_ = file < 0 ? MAP_FAILED : mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) {
        close(file);
    }
    const bool all = node.min(std::int64_t{memory_ != MAP_FAILED ? 1 : 0}) == 1;
    if (node.is_root()) {
        unlink(name.c_str());
    }
    if (!all && memory_ != MAP_FAILED) {
        munmap(memory_, bytes_);
    }
    if (all) {
        count_ = count;
        mine_ = static_cast<std::size_t>(node.rank());  // the file's zeros are a board on which all are absent
    }
    return all;
}

void HeartbeatBoard::map_alone() {
    bytes_ = Layout::bytes(1);
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) {
        throw std::bad_alloc();
    }
}

std::span<Heartbeat> HeartbeatBoard::ranks() const {
    return {static_cast<Layout*>(memory_)->first(), count_};
}

std::atomic<int>& HeartbeatBoard::ending() const {
    return static_cast<Layout*>(memory_)->ending;
}

}  // namespace lazynet::mpi
