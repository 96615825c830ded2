#include "lazynet/train/trajectory_replica.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "lazynet/core/error.hpp"
#include "lazynet/train/relaxation_start.hpp"

namespace lazynet::train {
namespace {

constexpr std::size_t kLanes = 64;  ///< of one evaluation pass
/// What happens when a solution diverges.
constexpr Index kMostDivergences = 8;
constexpr double kSlowDown = 0.3;

double squared_error(ConstMatrixView end, const Matrix& target, const Vector& weight) {
    double sum = 0.0;
    for (Index i = 0; i < end.rows(); ++i) {
        sum += static_cast<double>(((end.row(i) - target.row(i)).array().square() * weight.transpose().array()).sum());
    }
    return sum;
}

}  // namespace

void PlateauRate::observe(double error) {
    if (error < best_ - kThreshold) {
        best_ = error;
        bad_ = 0;
    } else if (++bad_ > patience_) {
        rate_ = std::max(rate_ * factor_, least_);
        bad_ = 0;
    }
}

void PlateauRate::restart() {
    rate_ = start_;
    best_ = 1e300;
    bad_ = 0;
}

void PlateauRate::shrink(double factor) {
    start_ *= factor;
    rate_ *= factor;
    least_ *= factor;
}

std::unique_ptr<Dynamics> make_dynamics(const TrajectoryConfig& config, Index genes, const Random& random) {
    const DynamicsShape shape{genes, config.gene_blocks, config.hidden, config.depth};
    switch (config.model) {
        case DynamicsKind::phoenix:
            return std::make_unique<Phoenix>(shape, random);
        case DynamicsKind::mlp:
            return std::make_unique<Mlp>(shape, random);
        case DynamicsKind::lazynet:
            return std::make_unique<LazyNetDynamics>(shape, random);
        case DynamicsKind::lazynet_dense:
            return std::make_unique<DenseLazyNet>(shape, random);
    }
    throw InternalError("make_dynamics: unknown model");
}

void restore(const io::StoredDynamics& stored, Dynamics& model) {
    const auto layers = model.layers();
    const auto vectors = model.vectors();
    bool fits = stored.layers.size() == layers.size() && stored.vectors.size() == vectors.size();
    for (std::size_t k = 0; fits && k < layers.size(); ++k) {
        const io::StoredLayer& from = stored.layers[k];
        Layer& to = *layers[k];
        std::map<std::int64_t, float> weights;  // by position
        for (std::size_t e = 0; e < from.weights.size(); ++e) {
            fits = fits && from.inputs[e] < to.inputs() && from.outputs[e] < to.outputs();
            weights[from.inputs[e] * to.outputs() + from.outputs[e]] = static_cast<float>(from.weights[e]);
        }
        std::vector<std::int64_t> gone;
        for (std::size_t e = 0; e < to.values().size(); ++e) {
            if (to.is_kept(e) && !weights.contains(to.position(e))) {
                gone.push_back(static_cast<std::int64_t>(e));
            }
        }
        to.prune(gone);
        std::vector<float> values(to.values().size(), 0.0f);
        for (std::size_t e = 0; e < values.size(); ++e) {
            const auto found = weights.find(to.position(e));
            values[e] = found == weights.end() ? 0.0f : found->second;
        }
        to.assign(values);
    }
    for (std::size_t k = 0; fits && k < vectors.size(); ++k) {
        if (stored.vectors[k].size() != vectors[k]->values.size()) {
            fits = false;
            break;
        }
        std::transform(stored.vectors[k].begin(), stored.vectors[k].end(), vectors[k]->values.begin(),
                       [](double value) { return static_cast<float>(value); });
    }
    if (!fits) {
        throw UserError(
            "the stored model has another shape than --model, --gene-blocks, --hidden, --depth and the genes make it; "
            "use those of the run");
    }
}

double mean_squared_error(const Dynamics& model, const Trajectories& trajectories, const std::vector<Start>& starts,
                          const SolverOptions& solver) {
    Integrator integrator(solver);
    TrajectoryBatch batch;
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t at = 0; at < starts.size(); at += kLanes) {
        const auto some = std::span(starts).subspan(at, std::min(kLanes, starts.size() - at));
        gather_batch(trajectories, some, 1, {}, batch);
        Matrix end(batch.start.rows(), batch.start.cols());
        integrator.forward(model, cview(batch.start), cview(batch.durations[0]), view(end));
        sum += squared_error(cview(end), batch.targets[0], batch.weights[0]);
        count += static_cast<double>(batch.weights[0].sum()) * static_cast<double>(end.rows());
    }
    return sum / count;
}

double sparsity(const Dynamics& model) {
    const Vector multipliers = model.gene_multipliers();
    const auto layers = model.layers();
    const auto roles = model.roles();
    Index possible = 0;
    Index nonzero = 0;
    for (std::size_t k = 0; k < layers.size(); ++k) {
        const Layer& layer = *layers[k];
        const bool outer = roles[k].place == LayerRole::Place::outer;
        possible += layer.possible();
        for (std::size_t e = 0; e < layer.values().size(); ++e) {
            const bool silent = outer && multipliers[layer.position(e) % layer.outputs()] == 0.0f;
            nonzero += layer.values()[e] != 0.0f && !silent ? 1 : 0;
        }
    }
    return 1.0 - static_cast<double>(nonzero) / static_cast<double>(possible);
}

/// What all starts have in common.
TrajectoryReplica::TrajectoryReplica(Index replica, const TrajectoryConfig& config, const TrajectoryData& data,
                                     const TrajectoryPrior& prior)
    : config_(config),
      data_(data),
      prior_(prior),
      replica_(replica),
      model_(make_dynamics(config, data.genes(), Random(config.seed, "dynamics", {replica}))),
      rate_(config.learning_rate, config.rate_factor, config.least_rate, config.plateau) {
    if (config.bootstrap) {
        const Random random(config.seed, "trajectory bootstrap", {replica});
        for (std::size_t s = 0; s < data.trajectories.samples.size(); ++s) {
            sample_weights_.push_back(random.exponential(s));
        }
    }
}

TrajectoryReplica::TrajectoryReplica(const TrajectoryConfig& config, const TrajectoryData& data,
                                     const TrajectoryPrior& prior, Index replica, const io::StoredDynamics* stored)
    : TrajectoryReplica(replica, config, data, prior) {
    if (stored != nullptr) {
        restore(*stored, *model_);
    } else if (config.warm_start) {
        warm_start();
    }
    prepare_losses();
}

TrajectoryReplica::TrajectoryReplica(const TrajectoryConfig& config, const TrajectoryData& data,
                                     const TrajectoryPrior& prior, Index replica, Unpacker& saved)
    : TrajectoryReplica(replica, config, data, prior) {
    model_->load(saved);
    prepare_losses();
    load(saved);
}

/// Gates and prior states, for the model's layers as they are.
void TrajectoryReplica::prepare_losses() {
    const prune::Method method = config_.prune.method;
    if (method == prune::Method::l0 || method == prune::Method::cnode || method == prune::Method::pathreg) {
        gates_.emplace(*model_, Gates::options_of(method), Random(config_.seed, "gates", {replica_}));
    }
    if (config_.prior_weight > 0.0) {
        const Random random(config_.seed, "prior states", {replica_});
        prior_states_.resize(data_.genes(), config_.prior_states);
        for (Index e = 0; e < prior_states_.size(); ++e) {
            prior_states_.data()[e] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(e)) - 0.5);
        }
    }
}

/// Starts at the relaxation model's edges and, as far as it found the prior useful, all of the prior's.
void TrajectoryReplica::warm_start() {
    // One mask for all replicas needs one start for all.
    const bool shared = config_.prune.has_rounds() && config_.prune.scope == prune::Scope::ensemble;
    const RelaxationStart start =
        relaxation_start(data_, prior_.edges, shared ? std::vector<double>{} : sample_weights_);
    Matrix allowed = start.effects.cwiseAbs();
    if (start.prior_discount < 1.0) {
        allowed += SparseMatrix(prior_.edges.cwiseAbs().transpose());
    }
    dynamic_cast<Phoenix&>(*model_).start_from(start.effects, start.decay, start.constant, start.moves, allowed,
                                               Random(config_.seed, "warm start", {replica_}));
    slow_down_start();
}

/// The linear model saw what regulators did in an interval; solved as a system it may overshoot. All rates are then
/// divided by the power of two with the lowest validation error.
void TrajectoryReplica::slow_down_start() {
    std::vector<float>& rates = model_->vectors().back()->values;
    const std::vector<float> full = rates;
    double best = 1e300;
    float chosen = 0.0f;
    for (float factor = 1.0f; factor > 0.01f; factor /= 2.0f) {
        std::transform(full.begin(), full.end(), rates.begin(), [&](float rate) { return factor * rate; });
        double error = 1e300;
        try {
            error = mean_squared_error(*model_, data_.trajectories, data_.validation, config_.solver);
        } catch (const DivergedError&) {
            continue;
        }
        if (error < best) {
            best = error;
            chosen = factor;
        }
    }
    std::transform(full.begin(), full.end(), rates.begin(), [&](float rate) { return chosen * rate; });
}

void TrajectoryReplica::train_epoch(Index epoch) {
    const std::unique_ptr<Dynamics> before = model_->clone();
    for (;;) {
        try {
            const double loss = pass(epoch);
            history_.push_back({epoch, loss, 0.0, 0.0, rate_.rate()});  // validate() knows the rest
            return;
        } catch (const DivergedError&) {
            if (++divergences_ > kMostDivergences) {
                throw;
            }
            model_ = before->clone();
            rate_.shrink(kSlowDown);
        }
    }
}

double TrajectoryReplica::pass(Index epoch) {
    // Steps are whole trajectories, or as many starts as asked for, in a new order every epoch.
    const std::vector<Start>& all = data_.training;
    std::vector<Start> starts;
    std::vector<std::size_t> ends;
    const Random random(config_.seed, "trajectory order", {replica_, epoch});
    std::vector<std::size_t> firsts;
    for (std::size_t k = 0; k < all.size(); ++k) {
        if (config_.batch > 0 || k == 0 || all[k].sample != all[k - 1].sample) {
            firsts.push_back(k);
        }
    }
    std::vector<std::int64_t> order(firsts.size());
    std::iota(order.begin(), order.end(), 0);
    random.shuffle(order);
    for (const std::int64_t group : order) {
        const auto g = static_cast<std::size_t>(group);
        const std::size_t end = g + 1 < firsts.size() ? firsts[g + 1] : all.size();
        starts.insert(starts.end(), all.begin() + static_cast<std::ptrdiff_t>(firsts[g]),
                      all.begin() + static_cast<std::ptrdiff_t>(end));
        if (config_.batch == 0 || starts.size() % static_cast<std::size_t>(config_.batch) == 0) {
            ends.push_back(starts.size());
        }
    }
    if (ends.empty() || ends.back() != starts.size()) {
        ends.push_back(starts.size());
    }
    double loss = 0.0;
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        if (gates_) {
            gates_->draw(*model_, steps_);
        }
        loss += train_batch(std::span(starts).subspan(begin, end - begin)) * static_cast<double>(end - begin);
        step();
        begin = end;
    }
    return loss / static_cast<double>(starts.size());
}

double TrajectoryReplica::train_batch(std::span<const Start> starts) {
    gather_batch(data_.trajectories, starts, config_.intervals, sample_weights_, batch_);
    const std::size_t segments = batch_.targets.size();
    while (integrators_.size() < segments) {
        integrators_.emplace_back(config_.solver);
    }
    ends_.resize(segments);
    double weight = 0.0;
    double loss = 0.0;
    for (std::size_t g = 0; g < segments; ++g) {
        const Matrix& start = g == 0 ? batch_.start : ends_[g - 1];
        ends_[g].resize(start.rows(), start.cols());
        integrators_[g].forward(*model_, cview(start), cview(batch_.durations[g]), view(ends_[g]));
        loss += squared_error(cview(ends_[g]), batch_.targets[g], batch_.weights[g]);
        weight += static_cast<double>(batch_.weights[g].sum());
    }
    const double count = weight * static_cast<double>(data_.genes());
    const double data_weight = 1.0 - config_.prior_weight;
    slope_.setZero(batch_.start.rows(), batch_.start.cols());
    for (std::size_t g = segments; g-- > 0;) {
        const float scale = static_cast<float>(2.0 * data_weight / count);
        slope_.array() +=
            scale * ((ends_[g] - batch_.targets[g]).array().rowwise() * batch_.weights[g].transpose().array());
        integrators_[g].backward(*model_, view(slope_));
    }
    if (config_.prior_weight > 0.0) {
        add_prior_loss();
    }
    return loss / count;
}

/// mean (joint(x) - P' x)^2 over fixed random states (dash.md A2).
void TrajectoryReplica::add_prior_loss() {
    auto* phoenix = dynamic_cast<Phoenix*>(model_.get());
    if (phoenix == nullptr) {
        throw InternalError("the prior loss needs PHOENIX");
    }
    joint_.resize(prior_states_.rows(), prior_states_.cols());
    phoenix->joint(cview(prior_states_), view(joint_), prior_tape_);
    joint_ -= prior_.edges.transpose() * prior_states_;
    joint_ *= static_cast<float>(2.0 * config_.prior_weight / static_cast<double>(joint_.size()));
    prior_slope_.resize(joint_.rows(), joint_.cols());
    scratch_.resize(joint_.rows(), joint_.cols());
    phoenix->joint_backward(prior_tape_, cview(joint_), view(prior_slope_), view(scratch_));
}

void TrajectoryReplica::step() {
    const AdamStep adam(rate_.rate(), ++steps_);
    const auto l2 = static_cast<float>(config_.l2);
    if (gates_) {
        gates_->step(*model_, adam, l2);
    } else {
        for (Layer* layer : model_->layers()) {
            layer->step(adam, l2);
        }
    }
    for (ParameterVector* vector : model_->vectors()) {
        vector->step(adam, l2);
    }
}

void TrajectoryReplica::validate() {
    if (gates_) {
        gates_->settle(*model_);
    }
    TrajectoryEpoch& record = history_.back();
    record.sparsity = sparsity(*model_);
    try {
        record.validation = mean_squared_error(*model_, data_.trajectories, data_.validation, config_.solver);
    } catch (const DivergedError&) {
        record.validation = std::numeric_limits<double>::infinity();
    }
    rate_.observe(record.validation);
    offer(record);
}

void TrajectoryReplica::offer(const TrajectoryEpoch& record) {
    lowest_ = std::min(lowest_, record.validation);
    bool better = record.validation < best_error_;
    if (config_.keep == Keep::sparsest) {
        // A sparser state wins while it is about as good as the best; an equally sparse one wins by its error.
        const bool good = record.validation <= lowest_ * (1.0 + config_.tolerance);
        const bool best_is_good = best_error_ <= lowest_ * (1.0 + config_.tolerance);
        const bool sparser = record.sparsity > best_sparsity_ + 1e-9;
        better = good && (!best_is_good || sparser || (record.sparsity >= best_sparsity_ - 1e-9 && better));
    }
    if (better || best_ == nullptr) {
        best_ = model_->clone();
        best_epoch_ = record.epoch;
        best_error_ = record.validation;
        best_sparsity_ = record.sparsity;
    }
}

void TrajectoryReplica::after_round() {
    if (config_.prune.restart_rate || config_.prune.parity) {
        rate_.restart();
    }
    if (config_.prune.parity && rounds_ == 0 && config_.model == DynamicsKind::phoenix) {
        // The reference resets its parameter groups by number and takes C_p for the multipliers: from then on C_p runs
        // at five times the rate and the multipliers at one (dash.md A3).
        model_->layers().back()->rate_factor(5.0f);
        model_->vectors().back()->rate_factor = 1.0f;
    }
    ++rounds_;
}

bool TrajectoryReplica::exhausted(Index epoch) const {
    return config_.patience > 0 && epoch - best_epoch_ > config_.patience;
}

}  // namespace lazynet::train
