#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/mpi/heartbeat.hpp"

namespace lazynet::mpi {

/// What a watcher knows of one rank at one look.
struct Pulse {
    bool known = false;  ///< false: a rank of another node that no progress file tells of
    bool here = true;    ///< on the watcher's node; others are heard of late, so they are given longer
    Stage stage = Stage::absent;
    std::int64_t beats = 0;
    std::int64_t steps = 0;
    bool reports = false;
    bool in_file = false;    ///< its watchdog writes the progress file, which may take as long as a file system likes
    std::uint64_t call = 0;  ///< the same number for the same MPI call; 0: none, it computes
};

struct WatchLimits {
    double silence = 20.0;  ///< seconds
    double hang = 1800.0;   ///< seconds; 0: never
};

enum class Trouble { none, silent, all_wait, stuck };

/// What is wrong, with whom, and for how long.
struct Finding {
    Trouble trouble = Trouble::none;
    std::size_t rank = 0;  ///< of the pulses
    double seconds = 0.0;
};

/// Decides from looks at everybody's pulse, about one a second, when a job cannot go on.
class WatchRules {
public:
    WatchRules(std::size_t ranks, WatchLimits limits);

    /// @param seconds since the last look. Far more than between two looks: the watcher itself was held up (the whole
    /// job
    ///     was suspended, the machine swaps), so what it has not seen meanwhile proves nothing and all counts start
    ///     anew
    [[nodiscard]] Finding look(std::span<const Pulse> pulses, double seconds);

    /// Seconds since this rank made progress, as far as looks go.
    [[nodiscard]] double idle(std::size_t rank) const { return seen_[rank].idle; }

private:
    struct Seen {
        std::int64_t beats = -1;
        std::int64_t steps = -1;
        bool heard = false;  ///< beats have changed
        double silent = 0.0;
        double idle = 0.0;
    };
    void count(std::span<const Pulse> pulses, double seconds);
    [[nodiscard]] Finding silent(std::span<const Pulse> pulses) const;
    [[nodiscard]] Finding stuck(std::span<const Pulse> pulses) const;
    [[nodiscard]] Finding all_wait(std::span<const Pulse> pulses) const;

    WatchLimits limits_;
    std::vector<Seen> seen_;
};

}  // namespace lazynet::mpi
