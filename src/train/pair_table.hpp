#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/kernels/sparse.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"

namespace lazynet::train {

/// Some pairs with their inputs and targets, laid out for contiguous batches.
struct PairTable {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    Matrix target;
    Vector weights;
    std::vector<double> norms;  ///< squared norm of each target row without the pair's own genes
    std::vector<std::int64_t> own{0};
    std::vector<std::int32_t> own_output;

    Matrix across;  ///< `target` transposed, for the masked kernel; empty until somebody asks for it

    [[nodiscard]] Index rows() const { return target.rows(); }
    /// A pair's own output gets its prediction as target.
    void give(Index row, Index output, float prediction) {
        target(row, output) = prediction;
        if (across.size() > 0) {
            across(output, row) = prediction;
        }
    }
    [[nodiscard]] SparseRows inputs() const { return {offsets, columns, values}; }
    [[nodiscard]] SparseRows inputs(Range range) const {
        return {std::span(offsets).subspan(static_cast<std::size_t>(range.begin),
                                           static_cast<std::size_t>(range.size()) + 1),
                columns, values};
    }
};

/// @param noise_sign +1, -1 or 0: how the replica's noise enters the targets
PairTable make_table(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                     const std::vector<std::int64_t>& rows, float noise_sign);

/// One replica's normal noise on the changes of one pair: its standard errors times numbers that depend on the seed,
/// the stream, the pair and the gene only.
Eigen::RowVectorXf replica_noise(std::uint64_t seed, Index stream, Index pair, const BlockTargets& block);

/// Training pairs that move each input.
std::vector<std::int32_t> count_support(const SparseRows& rows, Index inputs);

/// Is there an input that no other pair moves?
bool is_alone(const SparseRows& rows, Index pair, const std::vector<std::int32_t>& support);

/// Bayesian bootstrap of the pairs. A pair that alone moves one of its inputs keeps its weight: resampling would
/// erase that regulator, and cannot tell how sure it is.
void bootstrap_weights(const ShardId& id, const std::vector<std::int64_t>& rows, const TrainConfig& config,
                       const std::vector<std::int32_t>& support, PairTable& table);

}  // namespace lazynet::train
