#pragma once

#include <chrono>
#include <limits>

#include "lazynet/core/log.hpp"
#include "lazynet/train/config.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// Live progress of the training phase, from this rank's own shards: no rank waits for another to tell it.
class TrainingProgress {
public:
    TrainingProgress(Log& log, Index shards, const TrainConfig& config);
    void epoch(const EpochRecord& record);
    void shard_done(const ShardId& id, const TrainedShard& shard);

private:
    [[nodiscard]] double seconds() const;
    Log& log_;
    Index shards_;
    const TrainConfig& config_;
    Index done_ = 0;
    Index epochs_ = 0;  // of all shards
    double error_ = std::numeric_limits<double>::quiet_NaN();
    double told_ = -1.0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace lazynet::train
