#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "lazynet/core/large_buffer.hpp"
#include "lazynet/core/log.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// Whether /dev/shm of this node has room for `bytes` bytes more, and for MPI's own messages. Not collective; another
/// rank may get another answer.
bool has_shared_memory(std::size_t bytes);

/// The ranks that can hold one copy of `bytes` bytes together: those of a node where its shared memory (/dev/shm) has
/// the room, otherwise each rank alone.
///
/// Collective over `world`. The root warns once when a node falls back to a copy per rank, and says what to do.
Communicator sharing_group(const Communicator& world, std::size_t bytes, const Log& log);

/// Bytes that are there once per group of ranks on one node; the untyped part of SharedArray.
class SharedMemory {
public:
    SharedMemory() = default;
    /// Collective over `group`, whose ranks share a node (see sharing_group). Uninitialised.
    SharedMemory(const Communicator& group, std::size_t bytes);
    SharedMemory(SharedMemory&& other) noexcept;
    SharedMemory& operator=(SharedMemory&& other) noexcept;
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    /// Collective over the group too, unless an exception is on its way: then the memory is left to the end of the job.
    ~SharedMemory();

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return bytes_; }
    /// Collective over `group`: what any of its ranks wrote before is seen by all of them afterwards.
    void publish(const Communicator& group) const;

private:
    MPI_Win window_ = MPI_WIN_NULL;  ///< stays null when the group is a single rank
    LargeBuffer own_;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

/// An array that is there once per group of ranks on one node; every rank of the group reads and writes it directly.
/// Ranks write disjoint parts, then call publish. Move-only.
template <typename T>
class SharedArray {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    SharedArray() = default;
    /// Collective over `group`; `size` is the same on all its ranks. Uninitialised.
    SharedArray(const Communicator& group, Index size)
        : memory_(group, static_cast<std::size_t>(size) * sizeof(T)), size_(static_cast<std::size_t>(size)) {}

    [[nodiscard]] std::span<T> values() { return {reinterpret_cast<T*>(memory_.data()), size_}; }
    [[nodiscard]] std::span<const T> values() const { return {reinterpret_cast<const T*>(memory_.data()), size_}; }
    /// Collective over `group`, the one it was made with.
    void publish(const Communicator& group) const { memory_.publish(group); }

private:
    SharedMemory memory_;
    std::size_t size_ = 0;
};

}  // namespace lazynet::mpi
