#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lazynet/data/co_regulation.hpp"
#include "lazynet/data/prior.hpp"
#include "lazynet/io/dynamics_file.hpp"
#include "lazynet/model/dynamics.hpp"
#include "lazynet/train/gates.hpp"
#include "lazynet/train/trajectory_data.hpp"

namespace lazynet::train {

/// What is known before training: edges (genes x genes, regulator by target) and Q. Nothing when there is no prior.
struct TrajectoryPrior {
    SparseMatrix edges;
    std::optional<CoRegulation> co_regulation;
};

/// One line of a replica's history; errors are mean squared errors of one-interval predictions.
struct TrajectoryEpoch {
    Index epoch = 0;
    double training = 0.0;
    double validation = 0.0;
    double sparsity = 0.0;
    double learning_rate = 0.0;
};

/// Learning rate that falls when the validation error stops falling (PyTorch's ReduceLROnPlateau, absolute threshold).
class PlateauRate {
public:
    PlateauRate(double rate, double factor, double least, Index patience)
        : start_(rate), rate_(rate), factor_(factor), least_(least), patience_(patience) {}
    void observe(double error);
    void restart();
    /// From now on a fraction of what it was; the schedule goes on from there.
    void shrink(double factor);
    [[nodiscard]] double rate() const { return rate_; }
    void save(Packer& packer) const;
    void load(Unpacker& unpacker);

private:
    static constexpr double kThreshold = 1e-6;
    double start_, rate_, factor_, least_;
    Index patience_;
    double best_ = 1e300;
    Index bad_ = 0;
};

std::unique_ptr<Dynamics> make_dynamics(const TrajectoryConfig& config, Index genes, const Random& random);

/// Makes `model` what was stored: entries that are not there are pruned. @throws UserError if the shapes do not fit
void restore(const io::StoredDynamics& stored, Dynamics& model);

/// Mean squared error of predictions one interval after every start; float64 sums in a fixed order.
/// @throws DivergedError
double mean_squared_error(const Dynamics& model, const Trajectories& trajectories, const std::vector<Start>& starts,
                          const SolverOptions& solver);

/// One member of the ensemble in training. Keyed by seed and replica only; not collective.
class TrajectoryReplica {
public:
    /// @param stored the model to start from; null: a new one @throws UserError if it does not fit the configuration
    TrajectoryReplica(const TrajectoryConfig& config, const TrajectoryData& data, const TrajectoryPrior& prior,
                      Index replica, const io::StoredDynamics* stored = nullptr);
    /// As `save` left one of the same configuration, data, prior and number; no start is looked for.
    TrajectoryReplica(const TrajectoryConfig& config, const TrajectoryData& data, const TrajectoryPrior& prior,
                      Index replica, Unpacker& saved);

    /// All that decides the epochs to come and what is told of those that were, between two epochs.
    void save(Packer& packer) const;

    /// One pass over the training starts. Where a solution diverges the epoch starts anew, slower.
    /// @throws UserError when that does not help
    void train_epoch(Index epoch);
    /// Looks at the validation intervals, moves the learning rate, keeps the state if it is to be kept.
    void validate();
    /// After pruning: the learning rate and Adam start anew where the configuration says so.
    void after_round();
    [[nodiscard]] bool exhausted(Index epoch) const;

    [[nodiscard]] Dynamics& model() { return *model_; }
    [[nodiscard]] const Dynamics& best() const { return *best_; }
    [[nodiscard]] Index best_epoch() const { return best_epoch_; }
    [[nodiscard]] double best_error() const { return best_error_; }
    [[nodiscard]] const std::vector<TrajectoryEpoch>& history() const { return history_; }
    /// The epoch to train next.
    [[nodiscard]] Index next_epoch() const { return history_.empty() ? 1 : history_.back().epoch + 1; }
    [[nodiscard]] Index replica() const { return replica_; }
    /// DASH's score state per layer (dash.md A4); grown by the pruning code.
    std::vector<Matrix> score_state;

private:
    TrajectoryReplica(Index replica, const TrajectoryConfig& config, const TrajectoryData& data,
                      const TrajectoryPrior& prior);
    void prepare_losses();
    void load(Unpacker& unpacker);
    void warm_start();
    void slow_down_start();
    double pass(Index epoch);
    double train_batch(std::span<const Start> starts);
    void add_prior_loss();
    void step();
    void offer(const TrajectoryEpoch& record);

    const TrajectoryConfig& config_;
    const TrajectoryData& data_;
    const TrajectoryPrior& prior_;
    Index replica_;
    std::unique_ptr<Dynamics> model_;
    std::unique_ptr<Dynamics> best_;
    Index best_epoch_ = 0;
    double best_error_ = 1e300;
    double lowest_ = 1e300;
    double best_sparsity_ = 0.0;
    std::vector<double> sample_weights_;
    std::optional<Gates> gates_;  ///< L0, C-NODE, PathReg
    PlateauRate rate_;
    long steps_ = 0;
    Index rounds_ = 0;
    Index divergences_ = 0;
    std::vector<Integrator> integrators_;
    TrajectoryBatch batch_;
    std::vector<Matrix> ends_;
    Matrix slope_;
    Matrix prior_states_, joint_, prior_slope_, scratch_;
    Tape prior_tape_;
    std::vector<TrajectoryEpoch> history_;
};

/// Share of zeros as the DASH paper counts them: over all weights that could be there, a gene whose multiplier is 0
/// counting its outer weights as zero (dash.md A6).
double sparsity(const Dynamics& model);

}  // namespace lazynet::train
