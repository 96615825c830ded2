#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/heartbeat.hpp"
#include "lazynet/mpi/progress_file.hpp"
#include "lazynet/mpi/watch_rules.hpp"

namespace lazynet::mpi {

/// What a watchdog sees of the job: the ranks of its node on their board, then those of other nodes: as the progress
/// file tells, if this rank is the first of its node; otherwise one that stands for all and is not known.
class JobView {
public:
    /// Collective over `world` and over `node`.
    JobView(const Communicator& world, const Communicator& node);

    [[nodiscard]] HeartbeatBoard& board() { return board_; }
    [[nodiscard]] Heartbeat& me() const { return board_.ranks()[board_.mine()]; }
    /// The first of its node: writes the progress file, and reads it.
    [[nodiscard]] bool leads() const { return leads_; }
    /// Nodes before this one.
    [[nodiscard]] int turn() const { return turn_; }
    [[nodiscard]] int ranks() const { return size_; }
    [[nodiscard]] bool sees_afar() const { return !afar_.empty(); }

    /// How many pulses there are.
    [[nodiscard]] std::size_t size() const { return board_.ranks().size() + afar_.size(); }
    [[nodiscard]] bool is_near(std::size_t k) const { return k < board_.ranks().size(); }
    void read_pulses(std::vector<Pulse>& pulses) const;

    /// The node's lines for the progress file.
    [[nodiscard]] std::vector<RankLine> lines(const WatchRules& rules) const;
    /// The other nodes' lines, of all that are there.
    void take(std::vector<RankLine> lines);

    /// The board's or the file's line of pulse k, for messages.
    [[nodiscard]] RankLine line(std::size_t k) const;
    /// "rank 3/4 on HOST"
    [[nodiscard]] std::string name(std::size_t k) const;
    /// "phase training (shard 3/5 epoch 10)"
    [[nodiscard]] std::string place(std::size_t k) const;

private:
    HeartbeatBoard board_;
    std::string host_;
    int size_;
    bool leads_;
    int turn_ = 0;
    std::vector<RankLine> afar_;
    std::vector<std::size_t> afar_of_;  ///< by rank of the world, where this rank leads; of a near rank: none
};

}  // namespace lazynet::mpi
