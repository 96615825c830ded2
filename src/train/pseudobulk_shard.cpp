#include "lazynet/train/pseudobulk_shard.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/output.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Standard deviation of A's entries before training; inputs are +1 or -1.
constexpr float kInitialScale = 0.15f;
/// Epochs between two looks at the validation values.
constexpr Index kEvaluateEvery = 5;

/// About standard normal from one hash: eight uniform bytes added up (Irwin-Hall), excess kurtosis -0.15.
float fast_normal(std::uint64_t bits) {
    std::uint64_t sum = (bits & 0x00FF00FF00FF00FFULL) + ((bits >> 8) & 0x00FF00FF00FF00FFULL);
    sum = (sum & 0x0000FFFF0000FFFFULL) + ((sum >> 16) & 0x0000FFFF0000FFFFULL);
    sum = (sum & 0xFFFFFFFFULL) + (sum >> 32);
    constexpr float kInverseSd = 0.0047841f;  // 1 / sqrt(8 * (256^2 - 1) / 12)
    return (static_cast<float>(sum) - 1020.0f) * kInverseSd;
}

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

    [[nodiscard]] Index rows() const { return target.rows(); }
    [[nodiscard]] SparseRows inputs(Range range) const {
        return {std::span(offsets).subspan(static_cast<std::size_t>(range.begin),
                                           static_cast<std::size_t>(range.size()) + 1),
                columns, values};
    }
};

/// @param noise_sign +1, -1 or 0: how the replica's noise enters the targets
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
            const Random random(config.seed, "cells bootstrap", {id.replica, row});
            for (Index i = 0; i < block.genes.size(); ++i) {
                const float z = fast_normal(random.bits(static_cast<std::uint64_t>(block.genes.begin + i)));
                table.target(r, i) += noise_sign * block.noise(row, i) * z;
            }
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

/// Training pairs that move each input.
std::vector<std::int32_t> count_support(const PairTable& table, Index inputs) {
    std::vector<std::int32_t> support(static_cast<std::size_t>(inputs), 0);
    for (const std::int32_t j : table.columns) {
        ++support[static_cast<std::size_t>(j)];
    }
    return support;
}

/// Bayesian bootstrap of the pairs. A pair that alone moves one of its inputs keeps its weight: resampling would
/// erase that regulator, and cannot tell how sure it is.
void bootstrap_weights(const ShardId& id, const std::vector<std::int64_t>& rows, const TrainConfig& config,
                       const std::vector<std::int32_t>& support, PairTable& table) {
    const Random random(config.seed, "perturbation bootstrap", {id.replica});
    for (Index r = 0; r < table.rows(); ++r) {
        const SparseRows inputs = table.inputs({r, r + 1});
        const auto begin = static_cast<std::size_t>(inputs.offsets[0]);
        const auto count = static_cast<std::size_t>(inputs.offsets[1]) - begin;
        const auto moved = inputs.columns.subspan(begin, count);
        const bool alone = std::any_of(moved.begin(), moved.end(),
                                       [&](std::int32_t j) { return support[static_cast<std::size_t>(j)] < 2; });
        if (!alone) {
            const auto pair = static_cast<std::uint64_t>(rows[static_cast<std::size_t>(r)]);
            table.weights[r] *= static_cast<float>(random.exponential(pair));
        }
    }
}

/// A perturbed gene that no training pair moves acts like the mean one: its row of A is the mean of the others'.
void fill_unsupported(const std::vector<std::int32_t>& support, LazyNet& net) {
    Eigen::RowVectorXf mean = Eigen::RowVectorXf::Zero(net.shape.hidden());
    float count = 0.0f;
    for (Index j = 0; j < net.shape.inputs; ++j) {
        if (support[static_cast<std::size_t>(j)] > 0) {
            mean += net.a.row(j);
            ++count;
        }
    }
    mean /= std::max(count, 1.0f);
    for (Index j = 0; j < net.shape.inputs; ++j) {
        if (support[static_cast<std::size_t>(j)] == 0) {
            net.a.row(j) = mean;
        }
    }
}

void clear_unsupported(const std::vector<std::int32_t>& support, LazyNet& net) {
    for (Index j = 0; j < net.shape.inputs; ++j) {
        if (support[static_cast<std::size_t>(j)] == 0) {
            net.a.row(j).setZero();
        }
    }
}

/// Forward pass and the left-out coordinates, for a contiguous range of a table.
class Pass {
public:
    void hidden(const PairTable& table, Range range, const LazyNet& net) {
        z.resize(range.size(), net.shape.hidden());
        z.rowwise() = net.a.row(net.shape.inputs);
        sparse_times(table.inputs(range), cview(net.a), view(z));
        h.resize(range.size(), net.shape.width());
        activate(net.shape, cview(z), view(h));
    }
    /// A pair's own genes are given, not predicted: their target becomes the prediction, so they cost nothing.
    std::span<const double> leave_own_out(PairTable& table, Range range, const LazyNet& net) {
        norms.resize(static_cast<std::size_t>(range.size()));
        for (Index r = range.begin; r < range.end; ++r) {
            const auto at = static_cast<std::size_t>(r);
            double norm = table.norms[at];
            for (auto k = static_cast<std::size_t>(table.own[at]); k < static_cast<std::size_t>(table.own[at + 1]);
                 ++k) {
                const Index i = table.own_output[k];
                const float y = h.row(r - range.begin).dot(net.c.row(i));
                table.target(r, i) = y;
                norm += static_cast<double>(y) * static_cast<double>(y);
            }
            norms[static_cast<std::size_t>(r - range.begin)] = norm;
        }
        return norms;
    }
    Matrix z, h, dh, dz;
    OutputScratch scratch;
    std::vector<double> norms;
};

DenseTarget targets(const PairTable& table, Range range) {
    return {ConstMatrixView(table.target.row(range.begin).data(), range.size(), table.target.cols())};
}

/// Weighted squared error of predicting no change; never 0.
double no_change(const PairTable& table) {
    double sum = 0.0;
    for (Index r = 0; r < table.rows(); ++r) {
        sum += static_cast<double>(table.weights[r]) * table.norms[static_cast<std::size_t>(r)];
    }
    return std::max(sum, std::numeric_limits<double>::min());
}

/// Squared error of the whole table relative to predicting no change; NaN when the table is empty.
double relative_error(PairTable& table, const LazyNet& net, Pass& pass) {
    if (table.rows() == 0) {
        return kNaN;
    }
    const Range all{0, table.rows()};
    pass.hidden(table, all, net);
    const auto norms = pass.leave_own_out(table, all, net);
    const double error =
        squared_error(targets(table, all), norms, cview(pass.h), cview(table.weights), cview(net.c), pass.scratch);
    return error / no_change(table);
}

class PseudobulkTrainer {
public:
    PseudobulkTrainer(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                      double l2)
        : id_(id), config_(config), optimizer_(initial(id, pairs, block, config)) {
        std::vector<std::int64_t> train;
        std::vector<std::int64_t> held_out;
        for (Index p = 0; p < pairs.size(); ++p) {
            (pairs.held_out(p, id.replica) ? held_out : train).push_back(p);
        }
        Random(config.seed, "order", {id.replica}).shuffle(train);
        training_ = make_table(id, pairs, block, config, train, config.bootstrap_cells ? 1.0f : 0.0f);
        support_ = count_support(training_, static_cast<Index>(pairs.inputs.size()));
        if (config.bootstrap_perturbations) {
            bootstrap_weights(id, train, config, support_, training_);
        }
        seen_ =
            make_table(id, pairs, block, config, config.bootstrap_cells ? train : std::vector<std::int64_t>{}, -1.0f);
        held_out_ = make_table(id, pairs, block, config, held_out, 0.0f);
        clear_unsupported(support_, optimizer_.net);
        l2_ = l2 / static_cast<double>(std::max<Index>(training_.rows(), 1));
    }

    TrainedShard run(const EpochCallback& told) {
        const auto start = std::chrono::steady_clock::now();
        TrainedShard result;
        BestState best(config_.patience);
        for (Index epoch = 1; epoch <= config_.epochs; ++epoch) {
            EpochRecord record{epoch, train_epoch(epoch), kNaN, kNaN};
            if (epoch % kEvaluateEvery == 0 || epoch == config_.epochs) {
                record.seen = relative_error(seen_, optimizer_.net, pass_);
                fill_unsupported(support_, optimizer_.net);
                record.held_out = relative_error(held_out_, optimizer_.net, pass_);
                best.offer(optimizer_.net, epoch, criterion(record, config_.validation_share));
                clear_unsupported(support_, optimizer_.net);
                result.history.push_back(record);
            }
            told(record);
            if (best.exhausted(epoch) && !std::isnan(best.criterion())) {
                break;
            }
        }
        result.best_epoch = best.epoch();
        result.best = best.criterion();
        result.net = best.take();
        finish(result);
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return result;
    }

private:
    static LazyNet initial(const ShardId& id, const Pairs& pairs, const BlockTargets& block,
                           const TrainConfig& config) {
        const LazyNetShape shape{static_cast<Index>(pairs.inputs.size()), config.hidden_sums, config.hidden_products,
                                 block.genes.size(), static_cast<float>(config.u_max)};
        LazyNet net(shape, Random(config.seed, "weights", {id.replica, id.block}), kInitialScale);
        return net;
    }

    /// One pass over the training pairs in batches of neighbours, the batches in a new order every epoch.
    double train_epoch(Index epoch) {
        const Index batches = (training_.rows() + config_.batch - 1) / config_.batch;
        std::vector<std::int64_t> order(static_cast<std::size_t>(batches));
        std::iota(order.begin(), order.end(), 0);
        Random(config_.seed, "batches", {id_.replica, id_.block, epoch}).shuffle(order);
        const double rate = scheduled_rate(config_.learning_rate, epoch, config_.epochs);
        double loss = 0.0;
        for (const std::int64_t b : order) {
            loss += train_batch(block_of(training_.rows(), batches, b));
            optimizer_.step(rate, l2_);
        }
        return loss / no_change(training_);
    }

    double train_batch(Range range) {
        LazyNet& net = optimizer_.net;
        pass_.hidden(training_, range, net);
        const auto norms = pass_.leave_own_out(training_, range, net);
        const Vector w = training_.weights.segment(range.begin, range.size()) / static_cast<float>(range.size());
        pass_.dh.resize(range.size(), net.shape.width());
        pass_.dz.resize(range.size(), net.shape.hidden());
        const DenseTarget target = targets(training_, range);
        const double loss = config_.loss == Loss::mse
                                ? squared_error_step(target, norms, cview(pass_.h), cview(w), cview(net.c),
                                                     view(optimizer_.dc), view(pass_.dh), pass_.scratch)
                                : huber_step(target, static_cast<float>(config_.huber_delta), cview(pass_.h), cview(w),
                                             cview(net.c), view(optimizer_.dc), view(pass_.dh), pass_.scratch);
        activate_backward(net.shape, cview(pass_.z), cview(pass_.h), cview(pass_.dh), view(pass_.dz));
        sparse_transposed_times(training_.inputs(range), cview(pass_.dz), view(optimizer_.da));
        // No biases: an unperturbed state must stay as it is, or every regulator would be measured against the mean
        // perturbation instead of the control.
        optimizer_.dc.col(net.shape.hidden()).setZero();
        return loss * static_cast<double>(range.size());
    }

    void finish(TrainedShard& result) {
        const Range all{0, training_.rows()};
        pass_.hidden(training_, all, result.net);
        result.slopes = VectorD::Zero(result.net.shape.hidden());
        const Vector ones = Vector::Ones(all.size());
        const double total = add_slopes(result.net.shape, cview(pass_.z), cview(ones), result.slopes);
        result.slopes /= std::max(total, 1.0);
        result.support = support_;
    }

    ShardId id_;
    const TrainConfig& config_;
    ShardOptimizer optimizer_;
    PairTable training_, seen_, held_out_;
    std::vector<std::int32_t> support_;
    Pass pass_;
    double l2_ = 0.0;
};

}  // namespace

double largest_penalty(const Pairs& pairs, const BlockTargets& block) {
    const Index n = pairs.size();
    const Eigen::Map<const VectorD> w(block.weights.data(), n);
    const Vector weights = w.cast<float>();
    const Vector mean = block.change.transpose() * weights / weights.sum();
    VectorD v = VectorD::Ones(static_cast<Index>(pairs.inputs.size())).normalized();
    double norm = 0.0;
    for (int iteration = 0; iteration < 30; ++iteration) {
        Vector moved = Vector::Zero(n);  // W D v
        for (Index p = 0; p < n; ++p) {
            const auto at = static_cast<std::size_t>(p);
            for (auto k = static_cast<std::size_t>(pairs.offsets[at]);
                 k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
                moved[p] += weights[p] * pairs.values[k] * static_cast<float>(v[pairs.columns[k]]);
            }
        }
        const Vector y = block.change.transpose() * moved - mean * moved.sum();
        const Vector back = block.change * y - Vector::Constant(n, mean.dot(y));
        VectorD next = VectorD::Zero(v.size());
        for (Index p = 0; p < n; ++p) {
            const auto at = static_cast<std::size_t>(p);
            for (auto k = static_cast<std::size_t>(pairs.offsets[at]);
                 k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
                next[pairs.columns[k]] += static_cast<double>(weights[p] * pairs.values[k] * back[p]);
            }
        }
        norm = std::sqrt(next.norm());
        v = next.normalized();
    }
    return norm;
}

TrainedShard train_pseudobulk_shard(const ShardId& id, const Pairs& pairs, const BlockTargets& block,
                                    const TrainConfig& config, double l2, const EpochCallback& told) {
    return PseudobulkTrainer(id, pairs, block, config, l2).run(told);
}

Matrix pair_hidden(const Pairs& pairs, const LazyNet& net) {
    Matrix z(pairs.size(), net.shape.hidden());
    z.rowwise() = net.a.row(net.shape.inputs);
    sparse_times(pairs.rows(), cview(net.a), view(z));
    Matrix h(pairs.size(), net.shape.width());
    activate(net.shape, cview(z), view(h));
    return h;
}

}  // namespace lazynet::train
