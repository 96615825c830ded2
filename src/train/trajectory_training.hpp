#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lazynet/train/checkpoints.hpp"
#include "lazynet/train/trajectory_pruning.hpp"

namespace lazynet::train {

/// What replicas are trained with. All of it must outlive the training.
struct TrajectoryFloor {
    const TrajectoryData& data;
    const TrajectoryPrior& prior;
    const std::vector<io::StoredDynamics>& models;  ///< per replica, where a run is taken up; empty: start anew
    Checkpoints& checkpoints;
    std::string name = "replica";  ///< keys of the replicas: "live/replica/000003"
    std::function<void(const TrajectoryReplica&)> validated = [](const TrajectoryReplica&) {};
    std::function<void(double seconds)> trained = [](double) {};  ///< an epoch
};

/// Training of replicas to the end: alone between rounds, all ranks together for them. What checkpoints hold is not
/// done again, on whatever rank it was done.
class TrajectoryTraining {
public:
    /// Collective. @param replicas of all ranks @param mine of this one; ranks hold contiguous ones in rank order
    TrajectoryTraining(const mpi::Communicator& world, const TrajectoryConfig& config, Index replicas, Range mine,
                       const TrajectoryFloor& floor);
    /// Collective.
    void operator()();
    [[nodiscard]] std::vector<TrajectoryReplica>& replicas() { return replicas_; }
    [[nodiscard]] const std::vector<TrajectoryRound>& rounds() const { return rounds_; }
    /// Appends the state of this rank's replicas.
    void save(Checkpoints::Records& records) const;

private:
    [[nodiscard]] std::string rounds_key() const;
    [[nodiscard]] std::string key_of(Index replica) const;
    [[nodiscard]] bool is_whole(Index replicas) const;
    void start(Index replica, bool resumes);
    void advance(Index last, bool round_follows);
    void train_stretch(TrajectoryReplica& replica, Index last, bool round_follows);

    const mpi::Communicator& world_;
    const TrajectoryConfig& config_;
    const TrajectoryFloor& floor_;
    TrajectoryPruning pruning_;
    std::vector<TrajectoryReplica> replicas_;
    std::vector<TrajectoryRound> rounds_;
    std::optional<Index> failed_;  ///< the replica that cannot go on: its state is of no use
    Checkpoints::Live live_;
};

}  // namespace lazynet::train
