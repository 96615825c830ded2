#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// A short text that one thread or process writes while others read it, without locks. A reader in the very moment of
/// a change may see the beginning of one text and the end of the other: it is for messages, not for decisions.
class SharedText {
public:
    static constexpr std::size_t kLength = 64;  ///< bytes; the last one is always 0
    using Bytes = std::array<char, kLength>;
    void store(std::string_view text);
    /// Ends with a 0. Safe in a signal handler.
    [[nodiscard]] Bytes load() const;
    [[nodiscard]] std::string text() const { return load().data(); }

private:
    std::array<std::atomic<std::uint64_t>, kLength / sizeof(std::uint64_t)> words_{};
};

/// Where a process is between its start and its end.
enum class Stage : std::int32_t { absent, running, finishing, gone };

/// What one rank tells the others of its node. Counters only rise; others compare them with what they saw before, so no
/// clocks are compared.
struct Heartbeat {
    std::atomic<Stage> stage{Stage::absent};
    std::atomic<std::int32_t> rank{-1};  ///< in the world
    std::atomic<std::int32_t> pid{0};
    std::atomic<std::uint64_t> pid_space{0};  ///< processes know each other's pids where this is the same
    std::atomic<std::int64_t> beats{0};
    std::atomic<std::int64_t> steps{0};  ///< reports of progress, changes of phase, MPI calls begun
    std::atomic<bool> reports{false};    ///< the phase has reported progress: its silence means something
    std::atomic<bool> in_file{false};    ///< its watchdog is writing the progress file
    SharedText phase;
    SharedText detail;
    SharedText call;  ///< the MPI call it is in; empty: none
};

/// The heartbeats of a node's ranks, in memory that they share; of this rank alone where there is no room for that.
///
/// A mapped file without a name, not an MPI window: it must outlive MPI_Finalize. Its few bytes stay mapped until the
/// process ends, because the last words of a crash look at them.
class HeartbeatBoard {
public:
    /// Collective over `node`, whose ranks share a machine.
    explicit HeartbeatBoard(const Communicator& node);
    HeartbeatBoard(const HeartbeatBoard&) = delete;
    HeartbeatBoard& operator=(const HeartbeatBoard&) = delete;

    [[nodiscard]] std::span<Heartbeat> ranks() const;
    /// This rank's place among them.
    [[nodiscard]] std::size_t mine() const { return mine_; }
    [[nodiscard]] bool is_shared() const { return count_ > 1; }
    /// Who ends the job sets it first, so that one rank says why and not all.
    [[nodiscard]] std::atomic<int>& ending() const;

private:
    struct Layout;
    bool map_shared(const Communicator& node);
    void map_alone();

    void* memory_ = nullptr;
    std::size_t bytes_ = 0;
    std::size_t count_ = 1;
    std::size_t mine_ = 0;
};

}  // namespace lazynet::mpi
