#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lazynet/core/packer.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/prune_knowledge.hpp"
#include "lazynet/train/replica_training.hpp"

namespace lazynet::train {

/// What one round did to one layer. A cut is over all blocks of a replica, or of the whole ensemble.
struct RoundRecord {
    Index epoch = 0;
    Index replica = -1;          ///< -1: all, with a common mask
    bool outer = false;          ///< hidden units to outputs; else inputs to hidden units
    std::int64_t total = 0;      ///< weights that may be pruned
    std::int64_t removed = 0;    ///< by this round
    std::int64_t remaining = 0;  ///< after it
    double cut = 0.0;  ///< scores up to it went, in units of the mean score; NaN with parity: one cut per shard
};

/// One of this rank's shards in training.
struct ShardInTraining {
    Index shard = 0;  ///< of the plan
    ReplicaTraining* training = nullptr;
    Index k = 0;  ///< which of its shards
};

/// Collective pruning of all shards of a run: the same weights go for any number of ranks.
class PruneRounds {
public:
    /// Not collective. `world`, `plan` and `config` must outlive this.
    /// @param replicas the first so many take part
    PruneRounds(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                const PruneKnowledge& knowledge, Index replicas);
    PruneRounds(PruneRounds&&) noexcept;
    ~PruneRounds();

    /// The round after `epoch`: takes the lowest-scoring weights of every layer away, exactly as many as the schedule
    /// says. Collective; memory: the scores of one replica's shards (of the whole rank's blocks with a common mask).
    /// @param mine this rank's shards of these replicas, in plan order; the same in every round
    /// @throws AgreedError when weights are not finite
    void operator()(Index epoch, const std::vector<ShardInTraining>& mine);

    /// All rounds so far, the same on every rank.
    [[nodiscard]] const std::vector<RoundRecord>& records() const;

    /// What a shard's next round needs of the one before, as bytes, and back. Not collective.
    /// @param shard of the plan, one of this rank's
    void save(Index shard, Packer& packer) const;
    void load(Index shard, Unpacker& unpacker);
    /// The rounds that were done before.
    void restore(std::vector<RoundRecord> records);

private:
    class Rounds;
    std::unique_ptr<Rounds> rounds_;
};

}  // namespace lazynet::train
