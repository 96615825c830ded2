#include "lazynet/train/cell_shard.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "cell_batch.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/kernels/output.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Standard deviation of A's entries before training: inputs are thousands of genes.
constexpr float kInitialScale = 0.02f;
/// Control cells per context over which a mean prediction is taken.
constexpr Index kControlSample = 128;
/// Cell pairs that the largest penalty is estimated from.
constexpr Index kPenaltySample = 2048;
/// One cell in so many is held out of training per replica.
constexpr std::int64_t kHeldOutCells = 10;

/// Context of the k-th entry of CellPairs::cells.
std::int32_t context_of(const CellPairs& cells, std::size_t k) {
    return static_cast<std::int32_t>(static_cast<std::size_t>(cells.pool[k]) / cells.screen->batches.size());
}

Index context_of_pair(const CellPairs& cells, const Pairs& pairs, Index pair) {
    return cells.screen->conditions[static_cast<std::size_t>(pairs.conditions[static_cast<std::size_t>(pair)])].context;
}

/// Mean hidden units and slopes of pairs over a sample of control cells.
class MeanHidden {
public:
    MeanHidden(const CellPairs& cells, const Pairs& pairs, const TrainConfig& config) : cells_(cells), pairs_(pairs) {
        const CellInputs inputs(cells, pairs);
        for (std::size_t context = 0; context < cells.controls.size(); ++context) {
            const auto& controls = cells.controls[context];
            const Random random(config.seed, "control sample", {static_cast<std::int64_t>(context)});
            const auto count = std::min<Index>(kControlSample, static_cast<Index>(controls.size()));
            RowsBuffer rows;
            for (Index k = 0; k < count; ++k) {
                const auto pick = random.below(static_cast<std::uint64_t>(k), static_cast<std::int64_t>(controls.size()));
                inputs.append(controls[static_cast<std::size_t>(pick)], -1, rows);
            }
            samples_.push_back(std::move(rows));
        }
    }

    /// hidden (pairs, width); `slopes` gets the means over pairs and sample when it is given. An input that `intervened`
    /// says nobody perturbed in training acts, when perturbed, like the mean of those that were.
    Matrix operator()(const LazyNet& net, const std::vector<bool>& intervened, VectorD* slopes) const {
        const Eigen::RowVectorXf mean = mean_row(net, intervened);
        std::vector<Matrix> controls;
        MeanRemover remover(cells_);
        for (std::size_t context = 0; context < samples_.size(); ++context) {
            const std::vector<std::int32_t> contexts(samples_[context].offsets.size() - 1, static_cast<std::int32_t>(context));
            controls.emplace_back();
            remover.start(net, contexts, controls.back());
            sparse_times(samples_[context].rows(), cview(net.a), view(controls.back()));
        }
        Matrix hidden(pairs_.size(), net.shape.width());
        double total = 0.0;
        for (Index p = 0; p < pairs_.size(); ++p) {
            const auto at = static_cast<std::size_t>(p);
            Eigen::RowVectorXf shift = Eigen::RowVectorXf::Zero(net.shape.hidden());
            for (auto k = static_cast<std::size_t>(pairs_.offsets[at]); k < static_cast<std::size_t>(pairs_.offsets[at + 1]); ++k) {
                const std::int32_t j = pairs_.columns[k];
                shift += pairs_.values[k] * (intervened[static_cast<std::size_t>(j)] ? Eigen::RowVectorXf(net.a.row(j)) : mean);
            }
            const Matrix z = controls[static_cast<std::size_t>(context_of_pair(cells_, pairs_, p))].rowwise() + shift;
            Matrix h(z.rows(), net.shape.width());
            activate(net.shape, cview(z), view(h));
            hidden.row(p) = h.colwise().mean();
            if (slopes != nullptr) {
                const Vector ones = Vector::Ones(z.rows());
                total += add_slopes(net.shape, cview(z), cview(ones), *slopes);
            }
        }
        if (slopes != nullptr) {
            *slopes /= std::max(total, 1.0);
        }
        return hidden;
    }

private:
    static Eigen::RowVectorXf mean_row(const LazyNet& net, const std::vector<bool>& intervened) {
        Eigen::RowVectorXf mean = Eigen::RowVectorXf::Zero(net.shape.hidden());
        float count = 0.0f;
        for (Index j = 0; j < net.shape.inputs; ++j) {
            if (intervened[static_cast<std::size_t>(j)]) {
                mean += net.a.row(j);
                ++count;
            }
        }
        return mean / std::max(count, 1.0f);
    }

    const CellPairs& cells_;
    const Pairs& pairs_;
    std::vector<RowsBuffer> samples_;
};

/// Per input: some pair that the replica trains on perturbs it.
std::vector<bool> intervened_inputs(const Pairs& pairs, Index replica) {
    std::vector<bool> intervened(pairs.inputs.size(), false);
    for (Index p = 0; p < pairs.size(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        for (auto k = static_cast<std::size_t>(pairs.offsets[at]); k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
            if (!pairs.held_out(p, replica)) {
                intervened[static_cast<std::size_t>(pairs.columns[k])] = true;
            }
        }
    }
    return intervened;
}

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

class CellTrainer {
public:
    CellTrainer(const ShardId& id, const CellPairs& cells, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config, double l2)
        : id_(id),
          cells_(cells),
          pairs_(pairs),
          block_(block),
          config_(config),
          l2_(l2),
          inputs_(cells, pairs),
          differences_(cells, block.genes),
          remover_(cells),
          mean_hidden_(cells, pairs, config),
          intervened_(intervened_inputs(pairs, id.replica)),
          optimizer_(LazyNet({static_cast<Index>(pairs.inputs.size()), config.hidden_sums, config.hidden_products, block.genes.size(),
                              static_cast<float>(config.u_max)},
                             Random(config.seed, "weights", {id.replica, id.block}), kInitialScale)) {
        split_cells();
        count_support();
        average_held_out();
    }

    TrainedShard run(const EpochCallback& told) {
        const auto start = std::chrono::steady_clock::now();
        TrainedShard result;
        BestState best(config_.patience);
        for (Index epoch = 1; epoch <= config_.epochs && !best.exhausted(epoch - 1); ++epoch) {
            EpochRecord record{epoch, train_epoch(epoch), kNaN, kNaN};
            const Matrix hidden = mean_hidden_(optimizer_.net, intervened_, nullptr);
            record.seen = relative_error(seen_, block_, optimizer_.net, hidden);
            record.held_out = relative_error(held_out_, block_, optimizer_.net, hidden);
            best.offer(optimizer_.net, epoch, criterion(record, config_.validation_share));
            result.history.push_back(record);
            told(record);
        }
        result.best_epoch = best.epoch();
        result.best = best.criterion();
        result.net = best.take();
        result.slopes = VectorD::Zero(result.net.shape.hidden());
        mean_hidden_(result.net, intervened_, &result.slopes);
        result.support = support_;
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return result;
    }

private:
    /// Cells of held-out perturbations are out; of the others a tenth is kept to validate on.
    void split_cells() {
        const Random random(config_.seed, "held-out cells", {id_.replica});
        for (std::size_t k = 0; k < cells_.cells.size(); ++k) {
            const bool control = cells_.pair[k] < 0;
            if (!control && pairs_.held_out(cells_.pair[k], id_.replica)) {
                continue;
            }
            const auto cell = static_cast<std::uint64_t>(cells_.cells[k]);
            const bool validate = !control && config_.validation_share > 0.0 && random.below(cell, kHeldOutCells) == 0;
            (validate ? validation_ : training_).push_back(static_cast<std::int64_t>(k));
        }
    }

    /// An input that nothing moves has nothing to say: it stays zero.
    void count_support() {
        support_.assign(pairs_.inputs.size(), 0);
        for (const auto& controls : cells_.controls) {
            for (const std::int64_t cell : controls) {
                cells_.table->for_each(cell, [&](Index gene, float) { ++support_[static_cast<std::size_t>(gene)]; });
            }
        }
        for (const std::int64_t k : training_) {
            if (cells_.pair[static_cast<std::size_t>(k)] < 0) {
                continue;
            }
            const auto p = static_cast<std::size_t>(cells_.pair[static_cast<std::size_t>(k)]);
            for (auto e = static_cast<std::size_t>(pairs_.offsets[p]); e < static_cast<std::size_t>(pairs_.offsets[p + 1]); ++e) {
                ++support_[static_cast<std::size_t>(pairs_.columns[e])];
            }
        }
        for (std::size_t j = 0; j < support_.size(); ++j) {
            if (support_[j] == 0) {
                optimizer_.net.a.row(static_cast<Index>(j)).setZero();
            }
        }
    }

    void average_held_out() {
        const Index n = pairs_.size();
        held_out_.change = &block_.change;
        held_out_.weights.setZero(n);
        for (Index p = 0; p < n; ++p) {
            held_out_.weights[p] = pairs_.held_out(p, id_.replica) ? static_cast<float>(block_.weights[static_cast<std::size_t>(p)]) : 0.0f;
        }
        seen_change_.setZero(n, block_.genes.size());
        seen_.change = &seen_change_;
        seen_.weights.setZero(n);
        for (const std::int64_t k : validation_) {
            const auto at = static_cast<std::size_t>(k);
            const Index p = cells_.pair[at];
            seen_.weights[p] += 1.0f;
            cells_.table->for_each(cells_.cells[at], block_.genes,
                                   [&](Index gene, float value) { seen_change_(p, gene - block_.genes.begin) += value; });
        }
        for (Index p = 0; p < n; ++p) {
            if (seen_.weights[p] > 0.0f) {
                const auto mean = cells_.control_mean.row(context_of_pair(cells_, pairs_, p)).segment(block_.genes.begin, block_.genes.size());
                const Eigen::Map<const Eigen::RowVectorXf> scale(pairs_.scale.data() + block_.genes.begin, block_.genes.size());
                seen_change_.row(p) = seen_change_.row(p) / seen_.weights[p] - mean.cwiseProduct(scale);
            }
        }
    }

    double train_epoch(Index epoch) {
        std::vector<std::int64_t> order = training_;
        Random(config_.seed, "order", {id_.replica, epoch}).shuffle(order);
        const double rate = scheduled_rate(config_.learning_rate, epoch, config_.epochs);
        const auto n = static_cast<Index>(order.size());
        const Index batches = (n + config_.batch - 1) / config_.batch;
        double loss = 0.0;
        double none = 0.0;
        for (Index b = 0; b < batches; ++b) {
            const Range range = block_of(n, batches, b);
            loss += train_batch(std::span(order).subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size())), epoch, none);
            optimizer_.step(rate, l2_);
        }
        return loss / std::max(none, 1e-30);
    }

    double train_batch(std::span<const std::int64_t> members, Index epoch, double& none) {
        LazyNet& net = optimizer_.net;
        forward(members, epoch);
        gather_targets(members);
        const auto n = static_cast<Index>(members.size());
        for (Index r = 0; r < n; ++r) {
            none += static_cast<double>(n) * static_cast<double>(weights_[r]) * free_norms_[static_cast<std::size_t>(r)];
        }
        dh_.resize(n, net.shape.width());
        dz_.resize(n, net.shape.hidden());
        const double loss = config_.loss == Loss::mse ? mse_step() : huber_step();
        activate_backward(net.shape, cview(z_), cview(h_), cview(dh_), view(dz_));
        x_.transposed_times(cview(dz_), view(optimizer_.da));
        remover_.finish(contexts_, dz_, optimizer_.da);
        return loss * static_cast<double>(n);
    }

    /// Inputs and hidden units of a batch; draws this epoch's control cells.
    void forward(std::span<const std::int64_t> members, Index epoch) {
        LazyNet& net = optimizer_.net;
        const Random controls(config_.seed, "controls", {id_.replica, epoch});
        const Random boot(config_.seed, "cell bootstrap", {id_.replica});
        const auto n = static_cast<Index>(members.size());
        rows_.clear();
        contexts_.clear();
        pre_.clear();
        weights_.resize(n);
        for (Index r = 0; r < n; ++r) {
            const auto k = static_cast<std::size_t>(members[static_cast<std::size_t>(r)]);
            const auto cell = static_cast<std::uint64_t>(cells_.cells[k]);
            const auto& pool = cells_.pools[static_cast<std::size_t>(cells_.pool[k])];
            pre_.push_back(pool[static_cast<std::size_t>(controls.below(cell, static_cast<std::int64_t>(pool.size())))]);
            inputs_.append(pre_.back(), cells_.pair[k], rows_);
            contexts_.push_back(context_of(cells_, k));
            weights_[r] = (config_.bootstrap_cells ? static_cast<float>(boot.exponential(cell)) : 1.0f) / static_cast<float>(n);
        }
        x_.assign(rows_.rows(), net.shape.inputs + 1);
        remover_.start(net, contexts_, z_);
        x_.times(cview(net.a), view(z_));
        h_.resize(n, net.shape.width());
        activate(net.shape, cview(z_), view(h_));
    }

    /// Differences post - pre; a pair's own genes get the prediction as their target, so they cost nothing.
    void gather_targets(std::span<const std::int64_t> members) {
        rows_.clear();
        norms_.clear();
        free_norms_.clear();
        for (std::size_t r = 0; r < members.size(); ++r) {
            const auto k = static_cast<std::size_t>(members[r]);
            const auto own = own_outputs(cells_.pair[k]);
            double norm = differences_.append(cells_.cells[k], pre_[r], own, rows_);
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
        return std::span(block_.own_output).subspan(static_cast<std::size_t>(block_.own[p]), static_cast<std::size_t>(block_.own[p + 1] - block_.own[p]));
    }

    double mse_step() {
        t_.assign(rows_.rows(), block_.genes.size());
        return squared_error_step(t_, norms_, cview(h_), cview(weights_), cview(optimizer_.net.c), view(optimizer_.dc), view(dh_), scratch_);
    }

    double huber_step() {
        dense_.setZero(h_.rows(), block_.genes.size());
        for (Index r = 0; r < h_.rows(); ++r) {
            for (auto k = static_cast<std::size_t>(rows_.offsets[static_cast<std::size_t>(r)]); k < static_cast<std::size_t>(rows_.offsets[static_cast<std::size_t>(r) + 1]); ++k) {
                dense_(r, rows_.columns[k]) = rows_.values[k];
            }
        }
        return lazynet::huber_step(DenseTarget{cview(dense_)}, static_cast<float>(config_.huber_delta), cview(h_), cview(weights_),
                                   cview(optimizer_.net.c), view(optimizer_.dc), view(dh_), scratch_);
    }

    ShardId id_;
    const CellPairs& cells_;
    const Pairs& pairs_;
    const BlockTargets& block_;
    const TrainConfig& config_;
    double l2_;
    CellInputs inputs_;
    CellDifferences differences_;
    MeanRemover remover_;
    MeanHidden mean_hidden_;
    std::vector<bool> intervened_;
    ShardOptimizer optimizer_;
    std::vector<std::int64_t> training_, validation_;  // indices into CellPairs::cells
    std::vector<std::int32_t> support_;
    Matrix seen_change_;
    MeanTargets seen_, held_out_;
    // One batch.
    RowsBuffer rows_;
    SparseBatch x_, t_;
    std::vector<std::int32_t> contexts_;
    std::vector<std::int64_t> pre_;
    std::vector<double> norms_, free_norms_;
    Vector weights_;
    Matrix z_, h_, dh_, dz_, dense_;
    OutputScratch scratch_;
};

}  // namespace

CellPairs make_cell_pairs(const CellTable& table, const Screen& screen, const Pairs& pairs, const Matrix& control_mean) {
    CellPairs cells;
    cells.table = &table;
    cells.screen = &screen;
    std::vector<std::int32_t> pair_of(screen.conditions.size(), -1);
    for (std::size_t p = 0; p < pairs.conditions.size(); ++p) {
        pair_of[static_cast<std::size_t>(pairs.conditions[p])] = static_cast<std::int32_t>(p);
    }
    const std::size_t batches = screen.batches.size();
    cells.pools.resize(screen.contexts.size() * batches);
    cells.controls.resize(screen.contexts.size());
    for (Index cell = 0; cell < table.cells(); ++cell) {
        const auto at = static_cast<std::size_t>(cell);
        const auto condition = static_cast<std::size_t>(table.condition()[at]);
        const auto context = static_cast<std::size_t>(screen.conditions[condition].context);
        const std::size_t pool = context * batches + static_cast<std::size_t>(table.batch()[at]);
        cells.cells.push_back(cell);
        cells.pair.push_back(pair_of[condition]);
        cells.pool.push_back(static_cast<std::int32_t>(pool));
        if (pair_of[condition] < 0) {
            cells.pools[pool].push_back(cell);
            cells.controls[context].push_back(cell);
        }
    }
    for (std::size_t pool = 0; pool < cells.pools.size(); ++pool) {
        if (cells.pools[pool].empty()) {
            cells.pools[pool] = cells.controls[pool / batches];
        }
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    cells.control_mean.setZero(control_mean.rows(), static_cast<Index>(pairs.inputs.size()));
    const Eigen::Map<const Eigen::RowVectorXf> scale(pairs.scale.data(), genes);
    cells.control_mean.leftCols(genes) = (control_mean.array().rowwise() / scale.array()).matrix();
    return cells;
}

double largest_cell_penalty(const CellPairs& cells, const Pairs& pairs, Range genes, const TrainConfig& config) {
    const auto n = std::min<Index>(kPenaltySample, static_cast<Index>(cells.cells.size()));
    const Random random(config.seed, "penalty sample");
    const CellInputs inputs(cells, pairs);
    CellDifferences differences(cells, genes);
    RowsBuffer in, out;
    std::vector<std::int32_t> contexts;
    for (Index r = 0; r < n; ++r) {
        const auto counter = static_cast<std::uint64_t>(2 * r);
        const auto k = static_cast<std::size_t>(random.below(counter, static_cast<std::int64_t>(cells.cells.size())));
        const auto& pool = cells.pools[static_cast<std::size_t>(cells.pool[k])];
        const std::int64_t pre = pool[static_cast<std::size_t>(random.below(counter + 1, static_cast<std::int64_t>(pool.size())))];
        inputs.append(pre, cells.pair[k], in);
        differences.append(cells.cells[k], pre, {}, out);
        out.end_row();
        contexts.push_back(context_of(cells, k));
    }
    SparseBatch x, t;
    const auto columns = static_cast<Index>(pairs.inputs.size()) + 1;
    x.assign(in.rows(), columns);
    t.assign(out.rows(), genes.size());
    Matrix v = Matrix::Ones(columns, 1).normalized();
    double norm = 0.0;
    for (int iteration = 0; iteration < 12; ++iteration) {  // power iteration on (T' D)' (T' D), D with its mean taken out
        v(columns - 1, 0) = 0.0f;
        Matrix dv(n, 1);
        for (Index r = 0; r < n; ++r) {
            dv(r, 0) = -cells.control_mean.row(contexts[static_cast<std::size_t>(r)]).dot(v.col(0).head(columns - 1));
        }
        x.times(cview(v), view(dv));
        Matrix y = Matrix::Zero(genes.size(), 1);
        t.transposed_times(cview(dv), view(y));
        Matrix back = Matrix::Zero(n, 1);
        t.times(cview(y), view(back));
        Matrix next = Matrix::Zero(columns, 1);
        x.transposed_times(cview(back), view(next));
        for (Index r = 0; r < n; ++r) {
            next.col(0).head(columns - 1) -= back(r, 0) * cells.control_mean.row(contexts[static_cast<std::size_t>(r)]).transpose();
        }
        next(columns - 1, 0) = 0.0f;
        norm = std::sqrt(static_cast<double>(next.norm()));
        v = next.normalized();
    }
    return norm / static_cast<double>(std::max<Index>(n, 1));
}

TrainedShard train_cell_shard(const ShardId& id, const CellPairs& cells, const Pairs& pairs, const BlockTargets& block,
                              const TrainConfig& config, double l2, const EpochCallback& told) {
    return CellTrainer(id, cells, pairs, block, config, l2).run(told);
}

Matrix cell_pair_hidden(const CellPairs& cells, const Pairs& pairs, const LazyNet& net, Index replica, const TrainConfig& config) {
    return MeanHidden(cells, pairs, config)(net, intervened_inputs(pairs, replica), nullptr);
}

}  // namespace lazynet::train
