#pragma once

#include <vector>

#include "cell_batch.hpp"
#include "lazynet/train/cell_shard.hpp"

namespace lazynet::train {

/// Context of the k-th entry of CellPairs::cells.
inline std::int32_t context_of(const CellPairs& cells, std::size_t k) {
    return static_cast<std::int32_t>(static_cast<std::size_t>(cells.pool[k]) / cells.screen->batches.size());
}

inline Index context_of_pair(const CellPairs& cells, const Pairs& pairs, Index pair) {
    return cells.screen->conditions[static_cast<std::size_t>(pairs.conditions[static_cast<std::size_t>(pair)])].context;
}

/// Per input: some pair that the replica trains on perturbs it.
std::vector<bool> intervened_inputs(const Pairs& pairs, Index replica);

/// Mean hidden units and slopes of pairs over a sample of control cells.
class MeanHidden {
public:
    MeanHidden(const CellPairs& cells, const Pairs& pairs, const TrainConfig& config);
    /// hidden (pairs, width); `slopes` gets the means over pairs and sample when it is given. An input that
    /// `intervened` says nobody perturbed in training acts, when perturbed, like the mean of those that were.
    Matrix operator()(const LazyNet& net, const std::vector<bool>& intervened, VectorD* slopes) const;

private:
    const CellPairs& cells_;
    const Pairs& pairs_;
    std::vector<RowsBuffer> samples_;  ///< per context
};

/// One batch of cell pairs, shared by all blocks of a replica.
struct CellBatch {
    std::span<const std::int64_t> members;  ///< indices into CellPairs::cells
    std::vector<std::int64_t> pre;          ///< their control cells
    std::vector<std::int32_t> contexts;
    Vector weights;  ///< sum about 1
    SparseBatch inputs;
};

/// What the blocks of one replica have in common: which cells it trains on, and its batches. Whatever a block learns
/// depends on (seed, replica, epoch, batch), so blocks may be trained side by side or apart.
class CellReplica {
public:
    CellReplica(Index replica, const CellPairs& cells, const Pairs& pairs, const TrainConfig& config);

    [[nodiscard]] const std::vector<std::int64_t>& validation() const { return validation_; }
    [[nodiscard]] const std::vector<std::int32_t>& support() const { return support_; }
    [[nodiscard]] const std::vector<bool>& intervened() const { return intervened_; }
    [[nodiscard]] const MeanHidden& mean_hidden() const { return mean_hidden_; }
    /// New order of the training cells; returns the number of batches.
    Index start_epoch(Index epoch);
    /// Draws the control cells of batch b and lays out its inputs. Valid until the next call.
    const CellBatch& batch(Index b);

private:
    void split_cells();
    void count_support();

    Index replica_;
    const CellPairs& cells_;
    const Pairs& pairs_;
    const TrainConfig& config_;
    CellInputs inputs_;
    MeanHidden mean_hidden_;
    std::vector<bool> intervened_;
    std::vector<std::int64_t> training_, validation_;  // indices into CellPairs::cells
    std::vector<std::int32_t> support_;
    Index epoch_ = 0;
    Index batches_ = 0;
    std::vector<std::int64_t> order_;
    RowsBuffer rows_;
    CellBatch batch_;
};

}  // namespace lazynet::train
