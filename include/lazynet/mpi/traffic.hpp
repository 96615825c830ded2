#pragma once

#include <cstdint>

namespace lazynet::mpi {

/// What this process has sent and waited for since its start.
///
/// Bytes are those of this rank's own contribution, counted once whatever the library does with them: the message of a
/// send, the buffer of a reduction or of a gather's own part, a broadcast's message on its root, an exchange's messages
/// to others. Receiving, waiting, barriers and communicators count calls and seconds, no bytes. So do the collective
/// calls of HDF5 (open, flush, close of a file all ranks write), whose seconds include the disk's.
struct Traffic {
    std::int64_t calls = 0;
    std::int64_t bytes = 0;  ///< handed to MPI by this rank
    double seconds = 0.0;    ///< inside MPI, waiting included
    Traffic operator-(const Traffic& before) const;
};

/// So far. Not collective.
Traffic traffic();

/// Every call of Communicator, Assembly and SharedMemory that may wait is counted by one of these while it runs.
class CountedCall {
public:
    /// @param name of the call, a literal; @param bytes this rank contributes
    CountedCall(const char* name, std::int64_t bytes);
    CountedCall(const CountedCall&) = delete;
    CountedCall& operator=(const CountedCall&) = delete;
    ~CountedCall();

private:
    const char* outer_;
    double begin_;
};

/// Name of the call that the main thread is in, or nullptr: for the watchdog's thread.
const char* call_in_progress();
/// CountedCalls begun so far; from any thread.
std::int64_t calls_begun();

}  // namespace lazynet::mpi
