#include "lazynet/train/consensus.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace lazynet::train {
namespace {

/// Columns per tile of the streaming statistics: a tile of all five matrices stays in the second-level cache.
constexpr Index kTileRows = 32;
constexpr Index kTileColumns = 512;

/// Plain numbers to bytes and back, in a fixed order.
class Packer {
public:
    explicit Packer(std::vector<std::byte>& bytes) : bytes_(bytes) {}
    void index(Index value) { raw(&value, sizeof value); }
    void matrix(const Matrix& m) {
        index(m.rows());
        index(m.cols());
        raw(m.data(), static_cast<std::size_t>(m.size()) * sizeof(float));
    }

private:
    void raw(const void* data, std::size_t size) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + size);
        if (size > 0) {
            std::memcpy(bytes_.data() + at, data, size);
        }
    }
    std::vector<std::byte>& bytes_;
};

class Unpacker {
public:
    explicit Unpacker(const std::vector<std::byte>& bytes) : bytes_(bytes) {}
    [[nodiscard]] bool done() const { return at_ == bytes_.size(); }
    Index index() {
        Index value = 0;
        raw(&value, sizeof value);
        return value;
    }
    Matrix matrix() {
        const Index rows = index();
        const Index cols = index();
        Matrix m(rows, cols);
        raw(m.data(), static_cast<std::size_t>(m.size()) * sizeof(float));
        return m;
    }

private:
    void raw(void* data, std::size_t size) {
        if (size > 0) {
            std::memcpy(data, bytes_.data() + at_, size);
        }
        at_ += size;
    }
    const std::vector<std::byte>& bytes_;
    std::size_t at_ = 0;
};

Range overlap(Range a, Range b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// Rows of the consensus columns' inputs, in units of log expression.
Matrix scaled_factor(const TrainedShard& shard, const Pairs& pairs) {
    const Matrix factor = jacobian_factor(shard.net, shard.slopes);
    Matrix columns(static_cast<Index>(pairs.consensus_inputs.size()), factor.cols());
    for (Index k = 0; k < columns.rows(); ++k) {
        const Index j = pairs.consensus_inputs[static_cast<std::size_t>(k)];
        columns.row(k) = factor.row(j) / pairs.scale[static_cast<std::size_t>(j)];
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

/// Welford's update of one tile with one replica's Jacobian; `inverse` is 1 / replicas counted so far per column, 0
/// where this replica does not count.
void welford_tile(const Matrix& jacobian, const Eigen::RowVectorXf& inverse, Range rows, Range columns,
                  ConsensusChunk& out) {
    const auto weight = inverse.segment(columns.begin, columns.size()).array();
    for (Index i = 0; i < rows.size(); ++i) {
        const auto x = jacobian.row(i).head(columns.size()).array();
        auto mean = out.mean.row(rows.begin + i).segment(columns.begin, columns.size()).array();
        auto squares = out.sd.row(rows.begin + i).segment(columns.begin, columns.size()).array();
        auto signs = out.sign.row(rows.begin + i).segment(columns.begin, columns.size()).array();
        auto selected = out.selected.row(rows.begin + i).segment(columns.begin, columns.size()).array();
        for (Index j = 0; j < columns.size(); ++j) {
            const float counts = weight[j] > 0.0f ? 1.0f : 0.0f;
            const float delta = x[j] - mean[j];
            mean[j] += weight[j] * delta;
            squares[j] += counts * delta * (x[j] - mean[j]);
            signs[j] += counts * (x[j] > 0.0f ? 1.0f : x[j] < 0.0f ? -1.0f : 0.0f);
            selected[j] += counts * (x[j] != 0.0f ? 1.0f : 0.0f);
        }
    }
}

/// Sums of squares become moderated standard deviations.
void moderate(const std::vector<std::int32_t>& counts, Matrix& squares) {
    const Index columns = squares.cols();
    VectorD row_mean = VectorD::Zero(squares.rows());
    VectorD column_mean = VectorD::Zero(columns);
    Index usable = 0;
    for (Index j = 0; j < columns; ++j) {
        const double freedom = counts[static_cast<std::size_t>(j)] - 1;
        if (freedom < 1) {
            squares.col(j).setZero();
            continue;
        }
        ++usable;
        row_mean += squares.col(j).cast<double>() / freedom;
        column_mean[j] = squares.col(j).cast<double>().mean() / freedom;
    }
    const double grand = column_mean.sum() / static_cast<double>(std::max<Index>(usable, 1));
    row_mean /= static_cast<double>(std::max<Index>(usable, 1));
    for (Index i = 0; i < squares.rows() && grand > 0.0; ++i) {
        for (Index j = 0; j < columns; ++j) {
            const double freedom = counts[static_cast<std::size_t>(j)] - 1;
            if (freedom >= 1) {
                const double prior = row_mean[i] * column_mean[j] / grand;
                const double sum = kPriorReplicas * prior + static_cast<double>(squares(i, j));
                squares(i, j) = static_cast<float>(std::sqrt(std::max(0.0, sum / (kPriorReplicas + freedom))));
            }
        }
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
    const auto inputs = static_cast<Index>(ensemble.replicas.front().support.size());
    for (Matrix* m : {&out.mean, &out.sd, &out.sign, &out.selected}) {
        m->setZero(rows.size(), inputs);
    }
    std::vector<Eigen::RowVectorXf> inverse;
    std::vector<float> counted(static_cast<std::size_t>(inputs), 0.0f);
    for (const ReplicaFactors& replica : ensemble.replicas) {
        inverse.emplace_back(Eigen::RowVectorXf::Zero(inputs));
        for (Index j = 0; j < inputs; ++j) {
            if (replica.support[static_cast<std::size_t>(j)]) {
                inverse.back()[j] = 1.0f / ++counted[static_cast<std::size_t>(j)];
            }
        }
    }
    Matrix jacobian(kTileRows, kTileColumns);
    for (Index i = 0; i < rows.size(); i += kTileRows) {
        const Range tile_rows{i, std::min(i + kTileRows, rows.size())};
        for (Index j = 0; j < inputs; j += kTileColumns) {
            const Range tile_columns{j, std::min(j + kTileColumns, inputs)};
            for (std::size_t r = 0; r < ensemble.replicas.size(); ++r) {
                const ReplicaFactors& f = ensemble.replicas[r];
                const Index hidden = f.inputs.cols();
                const auto c = f.c.block(rows.begin - ensemble.rows.begin + i, 0, tile_rows.size(), hidden);
                jacobian.topLeftCorner(tile_rows.size(), tile_columns.size()).noalias() =
                    c * f.inputs.middleRows(j, tile_columns.size()).transpose();
                welford_tile(jacobian, inverse[r], tile_rows, tile_columns, out);
            }
        }
    }
    const auto counts = supporting_replicas(ensemble);
    moderate(counts, out.sd);
    for (Index j = 0; j < inputs; ++j) {
        const float share = counts[static_cast<std::size_t>(j)] > 0
                                ? 1.0f / static_cast<float>(counts[static_cast<std::size_t>(j)])
                                : 0.0f;
        out.sign.col(j) = out.sign.col(j).cwiseAbs() * share;
        out.selected.col(j) *= share;
    }
}

}  // namespace lazynet::train
