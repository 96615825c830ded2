#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// Some shards of one replica in training on one rank. It pauses between epochs, so that pruning rounds can take place.
///
/// Not collective. What a shard learns depends on its own arguments only, not on which others are trained with it.
class ReplicaTraining {
public:
    ReplicaTraining() = default;
    ReplicaTraining(const ReplicaTraining&) = delete;
    ReplicaTraining& operator=(const ReplicaTraining&) = delete;
    virtual ~ReplicaTraining() = default;

    [[nodiscard]] virtual Index shards() const = 0;
    /// Trains every shard up to and including `epoch`.
    /// @param may_stop a shard whose validation error does not get better any more is done
    /// @param between called after every epoch, when every shard may be saved
    virtual void advance(Index epoch, bool may_stop, const EpochCallback& told,
                         const std::function<void()>& between) = 0;
    /// Parameters of shard k: a round prunes them.
    virtual ShardOptimizer& optimizer(Index k) = 0;
    /// Per input of shard k: training pairs that move it. @pre advance was called
    [[nodiscard]] virtual const std::vector<std::int32_t>& support(Index k) const = 0;
    /// States of shard k up to here are not comparable with those to come, so none of them will be kept.
    virtual void forget_best(Index k) = 0;
    /// Lets go of what can be made again when training goes on.
    virtual void rest() = 0;
    /// Bytes that `rest` lets go of.
    [[nodiscard]] virtual double resting_bytes() const = 0;
    virtual TrainedShard finish(Index k) = 0;
    /// The state of shard k between two epochs; loaded into a training that was started alike, it goes on as if nothing
    /// had happened. Other shards may have come further.
    virtual void save(Index k, Packer& packer) const = 0;
    virtual void load(Index k, Unpacker& unpacker) = 0;
};

}  // namespace lazynet::train
