#include "cell_replica.hpp"

#include <algorithm>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

/// Control cells per context over which a mean prediction is taken.
constexpr Index kControlSample = 128;
/// One cell in so many is held out of training per replica.
constexpr std::int64_t kHeldOutCells = 10;

Eigen::RowVectorXf mean_row(const LazyNet& net, const std::vector<bool>& intervened) {
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

}  // namespace

std::vector<bool> intervened_inputs(const Pairs& pairs, Index replica) {
    std::vector<bool> intervened(pairs.inputs.size(), false);
    for (Index p = 0; p < pairs.size(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        for (auto k = static_cast<std::size_t>(pairs.offsets[at]); k < static_cast<std::size_t>(pairs.offsets[at + 1]);
             ++k) {
            if (!pairs.held_out(p, replica)) {
                intervened[static_cast<std::size_t>(pairs.columns[k])] = true;
            }
        }
    }
    return intervened;
}

MeanHidden::MeanHidden(const CellPairs& cells, const Pairs& pairs, const TrainConfig& config)
    : cells_(cells), pairs_(pairs) {
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

Matrix MeanHidden::operator()(const LazyNet& net, const std::vector<bool>& intervened, VectorD* slopes) const {
    const Eigen::RowVectorXf mean = mean_row(net, intervened);
    std::vector<Matrix> controls;
    MeanRemover remover(cells_);
    for (std::size_t context = 0; context < samples_.size(); ++context) {
        const std::vector<std::int32_t> contexts(samples_[context].offsets.size() - 1,
                                                 static_cast<std::int32_t>(context));
        controls.emplace_back();
        remover.start(net, contexts, controls.back());
        sparse_times(samples_[context].rows(), cview(net.a), view(controls.back()));
    }
    Matrix hidden(pairs_.size(), net.shape.width());
    double total = 0.0;
    for (Index p = 0; p < pairs_.size(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        Eigen::RowVectorXf shift = Eigen::RowVectorXf::Zero(net.shape.hidden());
        for (auto k = static_cast<std::size_t>(pairs_.offsets[at]);
             k < static_cast<std::size_t>(pairs_.offsets[at + 1]); ++k) {
            const std::int32_t j = pairs_.columns[k];
            shift +=
                pairs_.values[k] * (intervened[static_cast<std::size_t>(j)] ? Eigen::RowVectorXf(net.a.row(j)) : mean);
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

CellReplica::CellReplica(Index replica, const CellPairs& cells, const Pairs& pairs, const TrainConfig& config)
    : replica_(replica),
      cells_(cells),
      pairs_(pairs),
      config_(config),
      inputs_(cells, pairs),
      mean_hidden_(cells, pairs, config),
      intervened_(intervened_inputs(pairs, replica)) {
    split_cells();
    count_support();
}

void CellReplica::split_cells() {
    // Cells of held-out perturbations are out; of the others a tenth is kept to validate on.
    const Random random(config_.seed, "held-out cells", {replica_});
    for (std::size_t k = 0; k < cells_.cells.size(); ++k) {
        const bool control = cells_.pair[k] < 0;
        if (!control && pairs_.held_out(cells_.pair[k], replica_)) {
            continue;
        }
        const auto cell = static_cast<std::uint64_t>(cells_.cells[k]);
        const bool validate = !control && config_.validation_share > 0.0 && random.below(cell, kHeldOutCells) == 0;
        (validate ? validation_ : training_).push_back(static_cast<std::int64_t>(k));
    }
}

void CellReplica::count_support() {
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
        for (auto e = static_cast<std::size_t>(pairs_.offsets[p]); e < static_cast<std::size_t>(pairs_.offsets[p + 1]);
             ++e) {
            ++support_[static_cast<std::size_t>(pairs_.columns[e])];
        }
    }
}

Index CellReplica::start_epoch(Index epoch) {
    epoch_ = epoch;
    order_ = training_;
    Random(config_.seed, "order", {replica_, epoch}).shuffle(order_);
    batches_ = (static_cast<Index>(order_.size()) + config_.batch - 1) / config_.batch;
    return batches_;
}

const CellBatch& CellReplica::batch(Index b) {
    const Range range = block_of(static_cast<Index>(order_.size()), batches_, b);
    batch_.members =
        std::span(order_).subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size()));
    const Random controls(config_.seed, "controls", {replica_, epoch_});
    const Random boot(config_.seed, "cell bootstrap", {replica_});
    rows_.clear();
    batch_.contexts.clear();
    batch_.pre.clear();
    batch_.weights.resize(range.size());
    for (Index r = 0; r < range.size(); ++r) {
        const auto k = static_cast<std::size_t>(batch_.members[static_cast<std::size_t>(r)]);
        const auto cell = static_cast<std::uint64_t>(cells_.cells[k]);
        const auto& pool = cells_.pools[static_cast<std::size_t>(cells_.pool[k])];
        batch_.pre.push_back(
            pool[static_cast<std::size_t>(controls.below(cell, static_cast<std::int64_t>(pool.size())))]);
        inputs_.append(batch_.pre.back(), cells_.pair[k], rows_);
        batch_.contexts.push_back(context_of(cells_, k));
        batch_.weights[r] = (config_.bootstrap_cells ? static_cast<float>(boot.exponential(cell)) : 1.0f) /
                            static_cast<float>(range.size());
    }
    batch_.inputs.assign(rows_.rows(), static_cast<Index>(pairs_.inputs.size()) + 1);
    return batch_;
}

}  // namespace lazynet::train
