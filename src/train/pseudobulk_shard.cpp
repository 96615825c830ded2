#include "lazynet/train/pseudobulk_shard.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/masked.hpp"
#include "lazynet/kernels/output.hpp"
#include "lazynet/mpi/watchdog.hpp"
#include "pair_table.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Standard deviation of A's entries before training; inputs are +1 or -1.
constexpr float kInitialScale = 0.15f;
/// Epochs between two looks at the validation values.
constexpr Index kEvaluateEvery = 5;
/// Share of the output layer's weights below which the masked kernel is faster (kernels_bench, step_masked).
constexpr double kSparse = 0.2;
/// Bytes of tables of a replica's shards that stay in memory while training pauses. Larger ones are made again, which
/// takes as long as some ten epochs.
constexpr double kKeptTables = 2e9;

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

/// Forward pass and the left-out coordinates, for a contiguous range of a table; what a step works with. Shards that
/// take turns share one.
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
                table.give(r, i, y);
                norm += static_cast<double>(y) * static_cast<double>(y);
            }
            norms[static_cast<std::size_t>(r - range.begin)] = norm;
        }
        return norms;
    }
    Matrix z, h, dh, dz;
    OutputScratch scratch;
    MaskedScratch masked;
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

/// One shard in training. Its tables are made when they are needed and may be dropped in between.
class PseudobulkTrainer {
public:
    PseudobulkTrainer(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                      double l2, Pass& pass)
        : id_(id),
          pairs_(pairs),
          block_(block),
          config_(config),
          optimizer_(initial(id, pairs, block, config)),
          best_(config.patience),
          pass_(pass),
          penalty_(l2) {}

    void advance(Index last, bool may_stop, const EpochCallback& told, const std::function<void()>& between) {
        const auto start = std::chrono::steady_clock::now();
        prepare();
        choose_kernel();
        clear_unsupported(support_, optimizer_.net);
        while (epoch_ < last && !(may_stop && is_exhausted())) {
            ++epoch_;
            EpochRecord record{epoch_, train_epoch(epoch_), kNaN, kNaN};
            if (epoch_ % kEvaluateEvery == 0 || epoch_ == config_.epochs) {
                evaluate(record);
                result_.history.push_back(record);
            }
            told(record);
            between();
        }
        result_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    ShardOptimizer& optimizer() { return optimizer_; }
    [[nodiscard]] const std::vector<std::int32_t>& support() const { return support_; }
    void forget_best() { best_.forget(epoch_); }
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
    void rest() { training_ = seen_ = held_out_ = {}; }

    TrainedShard finish() {
        prepare();
        result_.best_epoch = best_.epoch();
        result_.best = best_.criterion();
        result_.net = best_.take();
        const Range all{0, training_.rows()};
        pass_.hidden(training_, all, result_.net);
        result_.slopes = VectorD::Zero(result_.net.shape.hidden());
        const Vector ones = Vector::Ones(all.size());
        const double total = add_slopes(result_.net.shape, cview(pass_.z), cview(ones), result_.slopes);
        result_.slopes /= std::max(total, 1.0);
        result_.support = support_;
        return std::move(result_);
    }

private:
    /// In a common network the hidden units of all replicas must mean the same, so they start alike.
    static LazyNet initial(const ShardId& id, const Pairs& pairs, const BlockTargets& block,
                           const TrainConfig& config) {
        const LazyNetShape shape{static_cast<Index>(pairs.inputs.size()), config.hidden_sums, config.hidden_products,
                                 block.genes.size(), static_cast<float>(config.u_max)};
        return {shape, Random(config.seed, "weights", {config.start_of(id.replica), id.block}), kInitialScale};
    }

    void prepare() {
        if (training_.rows() > 0) {
            return;
        }
        std::vector<std::int64_t> train;
        std::vector<std::int64_t> held_out;
        for (Index p = 0; p < pairs_.size(); ++p) {
            (pairs_.held_out(p, id_.replica) ? held_out : train).push_back(p);
        }
        Random(config_.seed, "order", {id_.replica}).shuffle(train);
        training_ = make_table(id_, pairs_, block_, config_, train, config_.bootstrap_cells ? 1.0f : 0.0f);
        support_ = count_support(training_.inputs(), static_cast<Index>(pairs_.inputs.size()));
        if (config_.bootstrap_perturbations) {
            bootstrap_weights(id_, train, config_, support_, training_);
        }
        seen_ = make_table(id_, pairs_, block_, config_, config_.bootstrap_cells ? train : std::vector<std::int64_t>{},
                           -1.0f);
        held_out_ = make_table(id_, pairs_, block_, config_, held_out, 0.0f);
        l2_ = penalty_ / static_cast<double>(std::max<Index>(training_.rows(), 1));
    }

    void evaluate(EpochRecord& record) {
        record.seen = relative_error(seen_, optimizer_.net, pass_);
        fill_unsupported(support_, optimizer_.net);
        record.held_out = relative_error(held_out_, optimizer_.net, pass_);
        best_.offer(optimizer_.net, epoch_, criterion(record, config_.validation_share));
        clear_unsupported(support_, optimizer_.net);
    }

    [[nodiscard]] bool is_exhausted() const { return best_.exhausted(epoch_) && !std::isnan(best_.criterion()); }

    /// One pass over the training pairs in batches of neighbours, the batches in a new order every epoch.
    double train_epoch(Index epoch) {
        const Index batches = (training_.rows() + config_.batch - 1) / config_.batch;
        std::vector<std::int64_t> order(static_cast<std::size_t>(batches));
        std::iota(order.begin(), order.end(), 0);
        Random(config_.seed, "batches", {id_.replica, id_.block, epoch}).shuffle(order);
        const double rate = scheduled_rate(config_, epoch);
        double loss = 0.0;
        for (const std::int64_t b : order) {
            loss += train_batch(block_of(training_.rows(), batches, b));
            optimizer_.step(rate, l2_);
            mpi::made_progress();  // an epoch of large screens takes long
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
        const double loss = output_step(range, norms, w);
        activate_backward(net.shape, cview(pass_.z), cview(pass_.h), cview(pass_.dh), view(pass_.dz));
        sparse_transposed_times(training_.inputs(range), cview(pass_.dz), view(optimizer_.da));
        // No biases: an unperturbed state must stay as it is, or every regulator would be measured against the mean
        // perturbation instead of the control.
        optimizer_.dc.col(net.shape.hidden()).setZero();
        return loss * static_cast<double>(range.size());
    }

    /// Loss and gradients of the output layer, by the kernel that is fastest for the weights that are left.
    double output_step(Range range, std::span<const double> norms, const Vector& w) {
        const LazyNet& net = optimizer_.net;
        if (config_.loss != Loss::mse) {
            return huber_step(targets(training_, range), static_cast<float>(config_.huber_delta), cview(pass_.h),
                              cview(w), cview(net.c), view(optimizer_.dc), view(pass_.dh), pass_.scratch);
        }
        if (is_sparse_) {
            return masked_error_step(pattern_, cview(training_.across), range, norms, cview(pass_.h), cview(w),
                                     cview(net.c), view(optimizer_.dc), view(pass_.dh), pass_.masked);
        }
        return squared_error_step(targets(training_, range), norms, cview(pass_.h), cview(w), cview(net.c),
                                  view(optimizer_.dc), view(pass_.dh), pass_.scratch);
    }

    /// The weights that are left change in rounds only, between two stretches of epochs.
    void choose_kernel() {
        is_sparse_ = false;
        if (!optimizer_.mask().empty() && config_.loss == Loss::mse) {
            const LazyNetShape& shape = optimizer_.net.shape;
            LazyNetMask mask = optimizer_.mask();
            mask.c.col(shape.hidden()).setZero();  // there are no biases
            pattern_ = SparsePattern(mask.c);
            is_sparse_ =
                static_cast<double>(pattern_.stored()) < kSparse * static_cast<double>(shape.outputs * shape.hidden());
        }
        if (is_sparse_ && training_.across.size() == 0) {
            training_.across = training_.target.transpose();
        }
    }

    ShardId id_;
    const Pairs& pairs_;
    const BlockTargets& block_;
    const TrainConfig& config_;
    ShardOptimizer optimizer_;
    BestState best_;
    TrainedShard result_;
    PairTable training_, seen_, held_out_;
    std::vector<std::int32_t> support_;
    Pass& pass_;
    SparsePattern pattern_;
    bool is_sparse_ = false;
    double penalty_;
    double l2_ = 0.0;
    Index epoch_ = 0;
};

/// Shards are trained one after another, so that only one at a time needs its tables when these are dropped.
class PseudobulkReplica : public ReplicaTraining {
public:
    PseudobulkReplica(const std::vector<ShardId>& ids, const std::vector<const BlockTargets*>& blocks,
                      const Pairs& pairs, const TrainConfig& config, double l2) {
        for (std::size_t k = 0; k < ids.size(); ++k) {
            trainers_.push_back(std::make_unique<PseudobulkTrainer>(ids[k], pairs, *blocks[k], config, l2, pass_));
            bytes_ += 2.0 * static_cast<double>(blocks[k]->change.size()) * sizeof(float);
        }
    }
    [[nodiscard]] Index shards() const override { return static_cast<Index>(trainers_.size()); }
    void advance(Index epoch, bool may_stop, const EpochCallback& told, const std::function<void()>& between) override {
        for (const auto& trainer : trainers_) {
            trainer->advance(epoch, may_stop, told, between);
            if (bytes_ > kKeptTables) {
                trainer->rest();
            }
        }
    }
    ShardOptimizer& optimizer(Index k) override { return at(k).optimizer(); }
    [[nodiscard]] const std::vector<std::int32_t>& support(Index k) const override {
        return trainers_[static_cast<std::size_t>(k)]->support();
    }
    void forget_best(Index k) override { at(k).forget_best(); }
    void rest() override {
        for (const auto& trainer : trainers_) {
            trainer->rest();
        }
    }
    [[nodiscard]] double resting_bytes() const override { return bytes_ > kKeptTables ? 0.0 : bytes_; }
    TrainedShard finish(Index k) override {
        TrainedShard trained = at(k).finish();
        at(k).rest();
        return trained;
    }
    void save(Index k, Packer& packer) const override { trainers_[static_cast<std::size_t>(k)]->save(packer); }
    void load(Index k, Unpacker& unpacker) override { at(k).load(unpacker); }

private:
    PseudobulkTrainer& at(Index k) { return *trainers_[static_cast<std::size_t>(k)]; }
    Pass pass_;
    std::vector<std::unique_ptr<PseudobulkTrainer>> trainers_;
    double bytes_ = 0.0;  // of all tables
};

}  // namespace

std::unique_ptr<ReplicaTraining> start_pseudobulk_training(const std::vector<ShardId>& ids,
                                                           const std::vector<const BlockTargets*>& blocks,
                                                           const Pairs& pairs, const TrainConfig& config, double l2) {
    return std::make_unique<PseudobulkReplica>(ids, blocks, pairs, config, l2);
}

TrainedShard train_pseudobulk_shard(const ShardId& id, const Pairs& pairs, const BlockTargets& block,
                                    const TrainConfig& config, double l2, const EpochCallback& told) {
    Pass pass;
    PseudobulkTrainer trainer(id, pairs, block, config, l2, pass);
    trainer.advance(config.epochs, true, told, [] {});
    return trainer.finish();
}

Matrix pair_hidden(const Pairs& pairs, const LazyNet& net) {
    Matrix z(pairs.size(), net.shape.hidden());
    z.rowwise() = net.a.row(net.shape.inputs);
    sparse_times(pairs.rows(), cview(net.a), view(z));
    if (const Index embedded = pairs.embedding.dimensions(); embedded > 0) {
        const Matrix features = pairs.embedding.features.leftCols(embedded).cast<float>();
        z.noalias() += features * net.a.middleRows(net.shape.inputs - embedded, embedded);
    }
    Matrix h(pairs.size(), net.shape.width());
    activate(net.shape, cview(z), view(h));
    return h;
}

}  // namespace lazynet::train
