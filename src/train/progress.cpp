#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

/// Seconds between two updates of the live line, and between two lines of a log file.
constexpr double kLive = 0.2;
constexpr double kRecord = 10.0;

}  // namespace

TrainingProgress::TrainingProgress(Log& log, Index shards, const TrainConfig& config)
    : log_(log), shards_(shards), config_(config) {}

double TrainingProgress::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void TrainingProgress::epoch(const EpochRecord& record) {
    ++epochs_;
    std::array<char, 64> where{};
    const auto end =
        fmt::format_to_n(where.data(), where.size(), "shard {}/{} epoch {}", done_ + 1, shards_, record.epoch);
    mpi::made_progress({where.data(), std::min(end.size, where.size())});
    const double error = criterion(record, config_.validation_share);
    error_ = std::isnan(error) ? error_ : error;
    const double now = seconds();
    if (std::isnan(error_) || now - told_ < (log_.on_terminal() ? kLive : kRecord)) {
        return;
    }
    told_ = now;
    // Shards of one replica may be trained side by side; those that stopped early count as whole.
    const auto whole = static_cast<double>(shards_ * config_.epochs);
    const double share = static_cast<double>(std::max(epochs_, done_ * config_.epochs)) / whole;
    const double left = now * (1.0 - share) / std::max(share, 1e-9);
    log_.progress(
        fmt::format("training  shard {}/{}  epoch {}/{}  validation error {:.4f} of no change  about {:.0f} s left",
                    done_ + 1, shards_, record.epoch, config_.epochs, error_, left),
        fmt::format(
            "phase=training shards_done={} shards={} epoch={} epochs={} validation_error={:.5f} seconds_left={:.0f}",
            done_, shards_, record.epoch, config_.epochs, error_, left));
}

void TrainingProgress::shard_done(const ShardId& id, const TrainedShard& shard) {
    ++done_;
    mpi::made_progress();
    const std::string record = fmt::format(
        "phase=training shards_done={} shards={} replica={} block={} best_epoch={} validation_error={:.5f} "
        "seconds={:.2f}",
        done_, shards_, id.replica, id.block, shard.best_epoch, shard.best, shard.seconds);
    log_.progress(fmt::format("training  shard {}/{} done  best epoch {}  validation error {:.4f} of no change", done_,
                              shards_, shard.best_epoch, shard.best),
                  record);
}

}  // namespace lazynet::train
