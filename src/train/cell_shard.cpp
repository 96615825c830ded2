#include "lazynet/train/cell_shard.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include "cell_replica.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/kernels/output.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Standard deviation of A's entries before training: of the thousands of state inputs, and of the perturbation inputs,
/// which are +1 or -1.
constexpr float kInitialScale = 0.02f;
constexpr float kInitialPerturbationScale = 0.15f;

/// Observed changes that the mean predictions are compared with, and their weights (0: not compared).
struct MeanTargets {
    const Matrix* change = nullptr;
    Vector weights;
};

double relative_error(const MeanTargets& targets, const BlockTargets& block, const LazyNet& net, const Matrix& hidden) {
    double error = 0.0;
    double none = 0.0;
    const Matrix predicted = hidden * net.c.transpose();
    for (Index p = 0; p < hidden.rows(); ++p) {
        const auto weight = static_cast<double>(targets.weights[p]);
        if (weight == 0.0) {
            continue;
        }
        Eigen::RowVectorXf residual = predicted.row(p) - targets.change->row(p);
        Eigen::RowVectorXf change = targets.change->row(p);
        const auto at = static_cast<std::size_t>(p);
        for (auto k = static_cast<std::size_t>(block.own[at]); k < static_cast<std::size_t>(block.own[at + 1]); ++k) {
            residual[block.own_output[k]] = 0.0f;
            change[block.own_output[k]] = 0.0f;
        }
        error += weight * static_cast<double>(residual.squaredNorm());
        none += weight * static_cast<double>(change.squaredNorm());
    }
    return none > 0.0 ? error / none : kNaN;
}

/// One shard in training, fed with its replica's batches.
class CellTrainer {
public:
    CellTrainer(const ShardId& id, const CellReplica& replica, const CellPairs& cells, const Pairs& pairs,
                const BlockTargets& block, const TrainConfig& config, double l2)
        : id_(id),
          replica_(replica),
          cells_(cells),
          pairs_(pairs),
          block_(block),
          config_(config),
          l2_(l2),
          differences_(cells, block.genes),
          remover_(cells),
          best_(config.patience),
          optimizer_(LazyNet({static_cast<Index>(pairs.inputs.size()), config.hidden_sums, config.hidden_products,
                              block.genes.size(), static_cast<float>(config.u_max)},
                             Random(config.seed, "weights", {config.start_of(id.replica), id.block}), kInitialScale)) {
        optimizer_.net.a.middleRows(pairs.state_inputs, optimizer_.net.shape.inputs - pairs.state_inputs) *=
            kInitialPerturbationScale / kInitialScale;
        for (std::size_t j = 0; j < replica.support().size(); ++j) {
            if (replica.support()[j] == 0) {  // an input that nothing moves has nothing to say: it stays zero
                optimizer_.net.a.row(static_cast<Index>(j)).setZero();
            }
        }
        average_held_out();
    }

    [[nodiscard]] bool exhausted() const { return best_.exhausted(epoch_); }
    ShardOptimizer& optimizer() { return optimizer_; }
    void forget_best() { best_.forget(epoch_); }
    [[nodiscard]] Index epoch() const { return epoch_; }
    void save(Packer& packer) const {
        packer.index(epoch_);
        packer.values(result_.history);
        packer.number(result_.seconds);
        optimizer_.save(packer);
        best_.save(packer);
    }
    void load(Unpacker& unpacker) {
        epoch_ = unpacker.index();
        result_.history = unpacker.values<EpochRecord>();
        result_.seconds = unpacker.number();
        optimizer_.load(unpacker);
        best_.load(unpacker);
    }

    void train_batch(const CellBatch& batch, double rate) {
        const auto start = std::chrono::steady_clock::now();
        LazyNet& net = optimizer_.net;
        const auto n = static_cast<Index>(batch.members.size());
        remover_.start(net, batch.contexts, z_);
        batch.inputs.times(cview(net.a), view(z_));
        h_.resize(n, net.shape.width());
        activate(net.shape, cview(z_), view(h_));
        gather_targets(batch);
        dh_.resize(n, net.shape.width());
        dz_.resize(n, net.shape.hidden());
        loss_ += static_cast<double>(n) * (config_.loss == Loss::mse ? mse_step(batch) : huber_step(batch));
        for (Index r = 0; r < n; ++r) {
            none_ += static_cast<double>(n) * static_cast<double>(batch.weights[r]) *
                     free_norms_[static_cast<std::size_t>(r)];
        }
        activate_backward(net.shape, cview(z_), cview(h_), cview(dh_), view(dz_));
        batch.inputs.transposed_times(cview(dz_), view(optimizer_.da));
        remover_.finish(batch.contexts, dz_, optimizer_.da);
        optimizer_.step(rate, l2_);
        result_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    void end_epoch(Index epoch, const EpochCallback& told) {
        EpochRecord record{epoch, loss_ / std::max(none_, 1e-30), kNaN, kNaN};
        const Matrix hidden = replica_.mean_hidden()(optimizer_.net, replica_.intervened(), nullptr);
        record.seen = relative_error(seen_, block_, optimizer_.net, hidden);
        record.held_out = relative_error(held_out_, block_, optimizer_.net, hidden);
        best_.offer(optimizer_.net, epoch, criterion(record, config_.validation_share));
        result_.history.push_back(record);
        told(record);
        epoch_ = epoch;
        loss_ = 0.0;
        none_ = 0.0;
    }

    TrainedShard finish() {
        result_.best_epoch = best_.epoch();
        result_.best = best_.criterion();
        result_.net = best_.take();
        result_.slopes = VectorD::Zero(result_.net.shape.hidden());
        replica_.mean_hidden()(result_.net, replica_.intervened(), &result_.slopes);
        result_.support = replica_.support();
        return std::move(result_);
    }

private:
    void average_held_out() {
        const Index n = pairs_.size();
        held_out_.change = &block_.change;
        held_out_.weights.setZero(n);
        for (Index p = 0; p < n; ++p) {
            held_out_.weights[p] = pairs_.held_out(p, id_.replica)
                                       ? static_cast<float>(block_.weights[static_cast<std::size_t>(p)])
                                       : 0.0f;
        }
        seen_change_.setZero(n, block_.genes.size());
        seen_.change = &seen_change_;
        seen_.weights.setZero(n);
        for (const std::int64_t k : replica_.validation()) {
            const auto at = static_cast<std::size_t>(k);
            const Index p = cells_.pair[at];
            seen_.weights[p] += 1.0f;
            cells_.table->for_each(cells_.cells[at], block_.genes, [&](Index gene, float value) {
                seen_change_(p, gene - block_.genes.begin) += value;
            });
        }
        for (Index p = 0; p < n; ++p) {
            if (seen_.weights[p] > 0.0f) {
                const auto mean = cells_.control_mean.row(context_of_pair(cells_, pairs_, p))
                                      .segment(block_.genes.begin, block_.genes.size());
                const Eigen::Map<const Eigen::RowVectorXf> scale(pairs_.scale.data() + block_.genes.begin,
                                                                 block_.genes.size());
                seen_change_.row(p) = seen_change_.row(p) / seen_.weights[p] - mean.cwiseProduct(scale);
            }
        }
    }

    /// Differences post - pre; a pair's own genes get the prediction as their target, so they cost nothing.
    void gather_targets(const CellBatch& batch) {
        rows_.clear();
        norms_.clear();
        free_norms_.clear();
        for (std::size_t r = 0; r < batch.members.size(); ++r) {
            const auto k = static_cast<std::size_t>(batch.members[r]);
            const auto own = own_outputs(cells_.pair[k]);
            double norm = differences_.append(cells_.cells[k], batch.pre[r], own, rows_);
            free_norms_.push_back(norm);
            for (const std::int32_t i : own) {
                const float y = h_.row(static_cast<Index>(r)).dot(optimizer_.net.c.row(i));
                rows_.add(i, y);
                norm += static_cast<double>(y) * static_cast<double>(y);
            }
            norms_.push_back(norm);
            rows_.end_row();
        }
    }

    [[nodiscard]] std::span<const std::int32_t> own_outputs(Index pair) const {
        if (pair < 0) {
            return {};
        }
        const auto p = static_cast<std::size_t>(pair);
        return std::span(block_.own_output)
            .subspan(static_cast<std::size_t>(block_.own[p]),
                     static_cast<std::size_t>(block_.own[p + 1] - block_.own[p]));
    }

    double mse_step(const CellBatch& batch) {
        t_.assign(rows_.rows(), block_.genes.size());
        return squared_error_step(t_, norms_, cview(h_), cview(batch.weights), cview(optimizer_.net.c),
                                  view(optimizer_.dc), view(dh_), scratch_);
    }

    double huber_step(const CellBatch& batch) {
        dense_.setZero(h_.rows(), block_.genes.size());
        for (Index r = 0; r < h_.rows(); ++r) {
            for (auto k = static_cast<std::size_t>(rows_.offsets[static_cast<std::size_t>(r)]);
                 k < static_cast<std::size_t>(rows_.offsets[static_cast<std::size_t>(r) + 1]); ++k) {
                dense_(r, rows_.columns[k]) = rows_.values[k];
            }
        }
        return lazynet::huber_step(DenseTarget{cview(dense_)}, static_cast<float>(config_.huber_delta), cview(h_),
                                   cview(batch.weights), cview(optimizer_.net.c), view(optimizer_.dc), view(dh_),
                                   scratch_);
    }

    ShardId id_;
    const CellReplica& replica_;
    const CellPairs& cells_;
    const Pairs& pairs_;
    const BlockTargets& block_;
    const TrainConfig& config_;
    double l2_;
    CellDifferences differences_;
    MeanRemover remover_;
    BestState best_;
    ShardOptimizer optimizer_;
    Matrix seen_change_;
    MeanTargets seen_, held_out_;
    TrainedShard result_;
    Index epoch_ = 0;
    double loss_ = 0.0;
    double none_ = 0.0;
    // One batch.
    RowsBuffer rows_;
    SparseBatch t_;
    std::vector<double> norms_, free_norms_;
    Matrix z_, h_, dh_, dz_, dense_;
    OutputScratch scratch_;
};

/// Shards of one replica side by side, fed with the same batches.
class CellTraining : public ReplicaTraining {
public:
    CellTraining(const std::vector<ShardId>& ids, const std::vector<const BlockTargets*>& blocks,
                 const CellPairs& cells, const Pairs& pairs, const TrainConfig& config, double l2)
        : config_(config), replica_(ids.front().replica, cells, pairs, config) {
        for (std::size_t k = 0; k < ids.size(); ++k) {
            trainers_.push_back(std::make_unique<CellTrainer>(ids[k], replica_, cells, pairs, *blocks[k], config, l2));
        }
    }
    [[nodiscard]] Index shards() const override { return static_cast<Index>(trainers_.size()); }
    /// Shards that were saved on different ranks may have come differently far: each waits for its next epoch.
    void advance(Index last, bool may_stop, const EpochCallback& told, const std::function<void()>& between) override {
        while (epoch_ < last) {
            ++epoch_;
            std::vector<CellTrainer*> running;
            for (const auto& trainer : trainers_) {
                if (trainer->epoch() < epoch_ && !(may_stop && trainer->exhausted())) {
                    running.push_back(trainer.get());
                }
            }
            const double rate = scheduled_rate(config_, epoch_);
            const Index batches = running.empty() ? 0 : replica_.start_epoch(epoch_);
            for (Index b = 0; b < batches; ++b) {
                const CellBatch& batch = replica_.batch(b);
                for (CellTrainer* trainer : running) {
                    trainer->train_batch(batch, rate);
                    mpi::made_progress();  // an epoch of large screens takes long
                }
            }
            for (CellTrainer* trainer : running) {
                trainer->end_epoch(epoch_, told);
            }
            if (!running.empty()) {
                between();
            }
        }
    }
    ShardOptimizer& optimizer(Index k) override { return trainers_[static_cast<std::size_t>(k)]->optimizer(); }
    [[nodiscard]] const std::vector<std::int32_t>& support(Index) const override { return replica_.support(); }
    void forget_best(Index k) override { trainers_[static_cast<std::size_t>(k)]->forget_best(); }
    void rest() override {}
    [[nodiscard]] double resting_bytes() const override { return 0.0; }
    TrainedShard finish(Index k) override { return trainers_[static_cast<std::size_t>(k)]->finish(); }
    void save(Index k, Packer& packer) const override { trainers_[static_cast<std::size_t>(k)]->save(packer); }
    void load(Index k, Unpacker& unpacker) override { trainers_[static_cast<std::size_t>(k)]->load(unpacker); }

private:
    const TrainConfig& config_;
    CellReplica replica_;
    std::vector<std::unique_ptr<CellTrainer>> trainers_;
    Index epoch_ = 0;
};

}  // namespace

std::unique_ptr<ReplicaTraining> start_cell_training(const std::vector<ShardId>& ids,
                                                     const std::vector<const BlockTargets*>& blocks,
                                                     const CellPairs& cells, const Pairs& pairs,
                                                     const TrainConfig& config, double l2) {
    return std::make_unique<CellTraining>(ids, blocks, cells, pairs, config, l2);
}

std::vector<TrainedShard> train_cell_shards(const std::vector<ShardId>& ids,
                                            const std::vector<const BlockTargets*>& blocks, const CellPairs& cells,
                                            const Pairs& pairs, const TrainConfig& config, double l2,
                                            const EpochCallback& told) {
    CellTraining training(ids, blocks, cells, pairs, config, l2);
    training.advance(config.epochs, true, told, [] {});
    std::vector<TrainedShard> trained;
    for (Index k = 0; k < training.shards(); ++k) {
        trained.push_back(training.finish(k));
    }
    return trained;
}

}  // namespace lazynet::train
