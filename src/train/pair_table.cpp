#include "pair_table.hpp"

#include <algorithm>
#include <cmath>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

/// About standard normal from one hash: eight uniform bytes added up (Irwin-Hall), excess kurtosis -0.15.
float fast_normal(std::uint64_t bits) {
    std::uint64_t sum = (bits & 0x00FF00FF00FF00FFULL) + ((bits >> 8) & 0x00FF00FF00FF00FFULL);
    sum = (sum & 0x0000FFFF0000FFFFULL) + ((sum >> 16) & 0x0000FFFF0000FFFFULL);
    sum = (sum & 0xFFFFFFFFULL) + (sum >> 32);
    constexpr float kInverseSd = 0.0047841f;  // 1 / sqrt(8 * (256^2 - 1) / 12)
    return (static_cast<float>(sum) - 1020.0f) * kInverseSd;
}

}  // namespace

Eigen::RowVectorXf replica_noise(std::uint64_t seed, Index stream, Index pair, const BlockTargets& block) {
    const Random random(seed, "cells bootstrap", {stream, pair});
    Eigen::RowVectorXf noise = block.noise.row(pair);
    for (Index i = 0; i < noise.size(); ++i) {
        noise[i] *= fast_normal(random.bits(static_cast<std::uint64_t>(block.genes.begin + i)));
    }
    return noise;
}

PairTable make_table(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                     const std::vector<std::int64_t>& rows, float noise_sign) {
    PairTable table;
    const auto n = static_cast<Index>(rows.size());
    table.target.resize(n, block.genes.size());
    table.weights.resize(n);
    for (Index r = 0; r < n; ++r) {
        const auto p = static_cast<std::size_t>(rows[static_cast<std::size_t>(r)]);
        const auto row = static_cast<Index>(p);
        for (auto k = static_cast<std::size_t>(pairs.offsets[p]); k < static_cast<std::size_t>(pairs.offsets[p + 1]);
             ++k) {
            table.columns.push_back(pairs.columns[k]);
            table.values.push_back(pairs.values[k]);
        }
        table.offsets.push_back(static_cast<std::int64_t>(table.columns.size()));
        table.target.row(r) = block.change.row(row);
        if (noise_sign != 0.0f) {
            table.target.row(r) += noise_sign * replica_noise(config.seed, id.replica, row, block);
        }
        double own = 0.0;
        for (auto k = static_cast<std::size_t>(block.own[p]); k < static_cast<std::size_t>(block.own[p + 1]); ++k) {
            table.own_output.push_back(block.own_output[k]);
            own += std::pow(static_cast<double>(table.target(r, block.own_output[k])), 2);
        }
        table.own.push_back(static_cast<std::int64_t>(table.own_output.size()));
        table.norms.push_back(std::max(0.0, table.target.row(r).cast<double>().squaredNorm() - own));
        table.weights[r] = static_cast<float>(block.weights[p]);
    }
    return table;
}

std::vector<std::int32_t> count_support(const SparseRows& rows, Index inputs) {
    std::vector<std::int32_t> support(static_cast<std::size_t>(inputs), 0);
    for (const std::int32_t j : rows.columns) {
        ++support[static_cast<std::size_t>(j)];
    }
    return support;
}

bool is_alone(const SparseRows& rows, Index pair, const std::vector<std::int32_t>& support) {
    const auto begin = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(pair)]);
    const auto end = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(pair) + 1]);
    const auto moved = rows.columns.subspan(begin, end - begin);
    return std::any_of(moved.begin(), moved.end(),
                       [&](std::int32_t j) { return support[static_cast<std::size_t>(j)] < 2; });
}

void bootstrap_weights(const ShardId& id, const std::vector<std::int64_t>& rows, const TrainConfig& config,
                       const std::vector<std::int32_t>& support, PairTable& table) {
    const Random random(config.seed, "perturbation bootstrap", {id.replica});
    for (Index r = 0; r < table.rows(); ++r) {
        if (!is_alone(table.inputs(), r, support)) {
            const auto pair = static_cast<std::uint64_t>(rows[static_cast<std::size_t>(r)]);
            table.weights[r] *= static_cast<float>(random.exponential(pair));
        }
    }
}

}  // namespace lazynet::train
