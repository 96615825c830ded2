#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lazynet::mpi {

/// Tells the watchdog what this rank is doing now. A change of phase is progress. Anyone may call it, from any thread
/// and without MPI; it neither allocates nor waits. Longer texts are cut.
void now_in_phase(std::string_view phase);

/// Tells the watchdog that this rank's work goes on. As cheap as now_in_phase.
/// @param detail how far it is ("shard 3/5 epoch 10"); nothing leaves what was said before
void made_progress(std::string_view detail = {});

/// From now on the first rank of each node writes every few seconds who is where into `path`, one line per rank. Every
/// rank names the same file, on a file system that all nodes see. Not collective. The environment's LAZYNET_PROGRESS
/// does the same from the start.
void write_progress_to(const std::string& path);

/// Watches over the ranks of the job while it lives. One per process, made by guarded_main.
///
/// A thread, the only one beside the rank's own, beats once a second and looks at the other ranks' beats. It touches no
/// results and calls MPI for one thing only: to end the job, with one line that says why and exit code 1, when
/// - a rank's heart has been silent for LAZYNET_WATCHDOG seconds (default 20; 0: no watchdog at all): it was stopped,
/// or
///   its machine is gone;
/// - nobody gets on: all ranks wait inside MPI calls without progress for LAZYNET_HANG seconds (default 1800; 0:
/// never),
///   or for LAZYNET_WATCHDOG seconds where one of them has left the program's body already and will come to no call;
/// - a rank that computes in a phase which reports its progress has reported none for LAZYNET_HANG seconds;
/// - the process of the next rank on the node ends without having finished.
/// Ranks of other nodes are seen through the progress file only; without one the launcher has to notice them.
class Watchdog {
public:
    /// Collective over all ranks: the root's environment counts, and the ranks of a node share a board.
    Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    /// Joins the thread. Not collective, and may come after MPI_Finalize.
    ~Watchdog();

    /// This rank is about to call MPI_Finalize.
    void finishing();

private:
    class Loop;
    std::unique_ptr<Loop> loop_;  ///< null: no watchdog
};

}  // namespace lazynet::mpi
