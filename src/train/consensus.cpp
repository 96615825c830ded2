#include "lazynet/train/consensus.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "lazynet/core/packer.hpp"
#include "lazynet/kernels/replica_sums.hpp"

namespace lazynet::train {
namespace {

/// Floats of the Jacobian tiles of all replicas: 512 KB, half a second-level cache.
constexpr Index kTileFloats = Index{1} << 17;

Range overlap(Range a, Range b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// Rows of the consensus columns' inputs, in units of log expression.
Matrix scaled_factor(const TrainedShard& shard, const Pairs& pairs) {
    const Matrix factor = jacobian_factor(shard.net, shard.slopes);
    Matrix columns(static_cast<Index>(pairs.consensus_inputs.size()), factor.cols());
    const Index embedded = pairs.embedding.dimensions();
    for (Index k = 0; k < columns.rows(); ++k) {
        const Index j = pairs.consensus_inputs[static_cast<std::size_t>(k)];
        columns.row(k) = factor.row(j);
        if (embedded > 0) {
            // What neighbours say of the regulator, and the effect of perturbing it alone: its input is then the
            // direction of the screen, and the bias comes on top whatever that is.
            const Index regulator = pairs.inputs[static_cast<std::size_t>(j)];
            columns.row(k) += pairs.embedding.regulators.row(regulator) * factor.bottomRows(embedded);
            columns.row(k) += static_cast<float>(pairs.embedding.direction) * shard.net.a.row(shard.net.shape.inputs);
        }
        columns.row(k) /= pairs.scale[static_cast<std::size_t>(j)];
    }
    return columns;
}

void pack_shard(const ShardId& id, Range rows, const Matrix& factor, const Pairs& pairs, const ShardOutput& output,
                Packer packer) {
    packer.index(id.block);
    packer.index(id.replica);
    packer.index(rows.begin);
    packer.index(rows.end);
    packer.matrix(factor);
    packer.matrix(output.hidden);
    packer.matrix(output.trained->net.c.middleRows(rows.begin - id.genes.begin, rows.size()));
    Matrix support(1, factor.rows());
    for (Index k = 0; k < support.cols(); ++k) {
        const auto j = static_cast<std::size_t>(pairs.consensus_inputs[static_cast<std::size_t>(k)]);
        support(0, k) = output.trained->support[j] > 0 ? 1.0f : 0.0f;
    }
    packer.matrix(support);
}

void unpack_shards(const std::vector<std::byte>& bytes, Index replicas, std::map<Index, BlockEnsemble>& ensembles) {
    Unpacker unpacker(bytes);
    while (!unpacker.done()) {
        const Index block = unpacker.index();
        const Index replica = unpacker.index();
        BlockEnsemble& ensemble = ensembles[block];
        ensemble.block = block;
        ensemble.rows.begin = unpacker.index();
        ensemble.rows.end = unpacker.index();
        ensemble.replicas.resize(static_cast<std::size_t>(replicas));
        ReplicaFactors& factors = ensemble.replicas[static_cast<std::size_t>(replica)];
        factors.inputs = unpacker.matrix();
        factors.hidden = unpacker.matrix();
        factors.c = unpacker.matrix();
        const Matrix support = unpacker.matrix();
        factors.support.assign(static_cast<std::size_t>(support.cols()), false);
        for (Index j = 0; j < support.cols(); ++j) {
            factors.support[static_cast<std::size_t>(j)] = support(0, j) != 0.0f;
        }
    }
}

/// Columns whose Jacobians of all replicas stay in the second-level cache together.
Index tile_columns(Index rows, std::size_t replicas) {
    const Index fitting = kTileFloats / (std::max<Index>(rows, 1) * static_cast<Index>(replicas));
    return std::max<Index>(64, fitting / 16 * 16);
}

/// Per replica and column: 1 / replicas that count up to this one; 0 where this one does not.
std::vector<Eigen::ArrayXf> column_weights(const BlockEnsemble& ensemble, Index columns) {
    std::vector<Eigen::ArrayXf> weights;
    Eigen::ArrayXf counted = Eigen::ArrayXf::Zero(columns);
    for (const ReplicaFactors& replica : ensemble.replicas) {
        Eigen::ArrayXf inverse = Eigen::ArrayXf::Zero(columns);
        for (Index j = 0; j < columns; ++j) {
            if (replica.support[static_cast<std::size_t>(j)]) {
                inverse[j] = 1.0f / ++counted[j];
            }
        }
        weights.push_back(std::move(inverse));
    }
    return weights;
}

/// Sums of squares become moderated standard deviations, sums of signs and counts become shares.
void finish_rows(const std::vector<std::int32_t>& counts, ConsensusChunk& out) {
    const auto columns = static_cast<Index>(counts.size());
    const Eigen::Map<const Eigen::Array<std::int32_t, Eigen::Dynamic, 1>> replicas(counts.data(), columns);
    const VectorD freedom = (replicas.cast<double>() - 1.0).max(0.0).matrix();
    const VectorD usable = (freedom.array() > 0.0).cast<double>().matrix();
    const VectorD per_freedom = (usable.array() / freedom.array().max(1.0)).matrix();
    const double used = std::max(1.0, usable.sum());
    VectorD column_sum = VectorD::Zero(columns);
    VectorD row_mean(out.sd.rows());
    for (Index i = 0; i < out.sd.rows(); ++i) {
        const VectorD variance = out.sd.row(i).transpose().cast<double>().cwiseProduct(per_freedom);
        column_sum += variance;
        row_mean[i] = variance.sum() / used;
    }
    const double rows = static_cast<double>(std::max<Index>(out.sd.rows(), 1));
    const double grand = column_sum.sum() / (rows * used);
    const double prior = grand > 0.0 ? kPriorReplicas / (rows * grand) : 0.0;
    const Eigen::RowVectorXf column_prior = (prior * column_sum).cast<float>().transpose();
    const Eigen::RowVectorXf weight = (usable.array() / (kPriorReplicas + freedom.array())).cast<float>().transpose();
    const Eigen::RowVectorXf share = (replicas > 0).select(1.0f / replicas.cast<float>().max(1.0f), 0.0f).transpose();
    for (Index i = 0; i < out.sd.rows(); ++i) {
        const auto row_factor = static_cast<float>(row_mean[i]);
        out.sd.row(i) = ((row_factor * column_prior + out.sd.row(i)).cwiseProduct(weight)).cwiseMax(0.0f).cwiseSqrt();
        out.sign.row(i) = out.sign.row(i).cwiseAbs().cwiseProduct(share);
        out.selected.row(i) = out.selected.row(i).cwiseProduct(share);
    }
}

}  // namespace

std::vector<BlockEnsemble> gather_ensembles(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                                            const std::vector<ShardOutput>& mine) {
    std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world.size()));
    const Range shards = plan.shards_of(world.rank());
    for (Index s = shards.begin; s < shards.end; ++s) {
        const ShardId id = plan.shard(s);
        const ShardOutput& output = mine[static_cast<std::size_t>(s - shards.begin)];
        const Matrix factor = scaled_factor(*output.trained, pairs);
        for (int r = 0; r < world.size(); ++r) {
            const Range rows = overlap(id.genes, plan.chunk_genes_of(r));
            if (rows.size() > 0) {
                pack_shard(id, rows, factor, pairs, output, Packer(to[static_cast<std::size_t>(r)]));
            }
        }
    }
    auto from = world.exchange(to);
    to.clear();
    std::map<Index, BlockEnsemble> ensembles;
    for (auto& bytes : from) {
        unpack_shards(bytes, plan.replicas(), ensembles);
        bytes = {};
    }
    std::vector<BlockEnsemble> result;
    for (auto& [block, ensemble] : ensembles) {
        result.push_back(std::move(ensemble));
    }
    return result;
}

std::vector<std::int32_t> supporting_replicas(const BlockEnsemble& ensemble) {
    std::vector<std::int32_t> counts(ensemble.replicas.front().support.size(), 0);
    for (const ReplicaFactors& replica : ensemble.replicas) {
        for (std::size_t j = 0; j < counts.size(); ++j) {
            counts[j] += replica.support[j] ? 1 : 0;
        }
    }
    return counts;
}

void consensus_rows(const BlockEnsemble& ensemble, Range rows, ConsensusChunk& out) {
    const auto columns = static_cast<Index>(ensemble.replicas.front().support.size());
    for (Matrix* m : {&out.mean, &out.sd, &out.sign, &out.selected}) {
        m->resize(rows.size(), columns);
    }
    const auto weights = column_weights(ensemble, columns);
    const Index width = tile_columns(rows.size(), ensemble.replicas.size());
    std::vector<Matrix> jacobians(ensemble.replicas.size());
    std::vector<ReplicaRow> replicas(ensemble.replicas.size());
    for (Index j = 0; j < columns; j += width) {
        const Index n = std::min(width, columns - j);
        const bool all_count = std::all_of(weights.begin(), weights.end(), [&](const Eigen::ArrayXf& inverse) {
            return (inverse.segment(j, n) > 0.0f).all();
        });
        for (std::size_t r = 0; r < jacobians.size(); ++r) {
            const ReplicaFactors& f = ensemble.replicas[r];
            const auto c = f.c.block(rows.begin - ensemble.rows.begin, 0, rows.size(), f.inputs.cols());
            jacobians[r].noalias() = c * f.inputs.middleRows(j, n).transpose();
        }
        for (Index i = 0; i < rows.size(); ++i) {
            for (std::size_t r = 0; r < jacobians.size(); ++r) {
                replicas[r] = {jacobians[r].row(i).data(), weights[r].data() + j};
            }
            sum_replicas(n, replicas, all_count,
                         {&out.mean(i, j), &out.sd(i, j), &out.sign(i, j), &out.selected(i, j)});
        }
    }
    finish_rows(supporting_replicas(ensemble), out);
}

}  // namespace lazynet::train
