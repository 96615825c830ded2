#include "lazynet/mpi/shared_array.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <exception>
#include <utility>

#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {
namespace {

/// MPI's own messages between ranks of a node live in /dev/shm too.
constexpr std::size_t kReserve = std::size_t{64} << 20;

}  // namespace

bool has_shared_memory(std::size_t bytes) {
    struct statvfs room {};
    return statvfs("/dev/shm", &room) == 0 && std::size_t{room.f_bavail} * room.f_frsize >= bytes + kReserve;
}

Communicator sharing_group(const Communicator& world, std::size_t bytes, const Log& log) {
    Communicator node = world.split_by_node();
    const bool lacks = node.size() > 1 && !has_shared_memory(bytes);
    // Every rank of a node asks, one answer counts: free space may change between two looks.
    const bool node_lacks = node.max(std::int64_t{lacks}) > 0;
    const std::int64_t nodes_lacking = world.sum(node_lacks && node.is_root() ? 1 : 0);
    if (nodes_lacking > 0) {
        log.warning(
            fmt::format("/dev/shm has not the {} MB that one copy of the cells needs on {} node(s), so every "
                        "rank there keeps its own copy; enlarge /dev/shm (docker run --shm-size), or use fewer "
                        "ranks per node",
                        (bytes + kReserve) >> 20U, nodes_lacking));
    }
    // Splitting is collective over the node, so the nodes may go different ways.
    return node_lacks ? node.split(node.rank()) : std::move(node);
}

SharedMemory::SharedMemory(const Communicator& group, std::size_t bytes) : bytes_(bytes) {
    if (group.size() == 1) {
        own_ = LargeBuffer(bytes);
        data_ = own_.data();
        return;
    }
    // The root's part is the whole; the others attach nothing of their own and ask where it is.
    void* mine = nullptr;
    const auto length = static_cast<MPI_Aint>(group.is_root() ? bytes : 0);
    const CountedCall counted("MPI_Win_allocate_shared", 0);
    check(MPI_Win_allocate_shared(length, 1, MPI_INFO_NULL, group.raw(), &mine, &window_));
    MPI_Aint whole = 0;
    int unit = 0;
    void* start = nullptr;
    check(MPI_Win_shared_query(window_, 0, &whole, &unit, &start));
    data_ = static_cast<std::byte*>(start);
    check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_));
    publish(group);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : window_(std::exchange(other.window_, MPI_WIN_NULL)),
      own_(std::move(other.own_)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    std::swap(window_, other.window_);
    std::swap(own_, other.own_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

SharedMemory::~SharedMemory() {
    if (window_ != MPI_WIN_NULL && std::uncaught_exceptions() == 0) {
        const CountedCall counted("MPI_Win_free", 0);
        MPI_Win_unlock_all(window_);
        MPI_Win_free(&window_);
    }
}

void SharedMemory::publish(const Communicator& group) const {
    if (window_ != MPI_WIN_NULL) {
        check(MPI_Win_sync(window_));
        group.barrier();
        check(MPI_Win_sync(window_));
    }
}

}  // namespace lazynet::mpi
