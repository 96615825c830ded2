#include "lazynet/train/trajectory_trainer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/train/network_results.hpp"
#include "lazynet/train/trajectory_prediction.hpp"
#include "matrix_exchange.hpp"
#include "trajectory_results.hpp"
#include "trajectory_training.hpp"
#include "trial.hpp"

namespace lazynet::train {
namespace {

/// The warm start's Gram matrix has as many entries as there are pairs of genes, twice.
constexpr Index kMostGenesForWarmStart = 8000;

/// Weights of all layers, their gradients, moments and a copy turned round.
double bytes_of_dense_model(const TrajectoryConfig& config, Index genes) {
    return 2.0 * 5.0 * sizeof(float) * static_cast<double>(genes) *
           static_cast<double>(config.gene_blocks * config.hidden);
}

/// @throws UserError if a replica is larger than the machine
void require_memory(const TrajectoryConfig& config, Index genes) {
    const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    const double wanted = bytes_of_dense_model(config, genes);
    if (wanted > memory) {
        throw UserError(fmt::format(
            "a replica with {} genes, {} gene blocks and {} hidden units of each kind per block takes {}, this machine "
            "has {}; use fewer --gene-blocks, or a smaller --hidden",
            genes, config.gene_blocks, config.hidden, size_text(wanted), size_text(memory)));
    }
}

/// One run, phase by phase.
class TrajectoryRun {
public:
    TrajectoryRun(const mpi::Communicator& world, TrajectoryInputs inputs, TrajectoryConfig config,
                  const RunOutput& output, Checkpoints& checkpoints, Log& log)
        : world_(world),
          config_(std::move(config)),
          output_(output),
          checkpoints_(checkpoints),
          log_(log),
          prior_(std::move(inputs.prior)),
          test_(std::move(inputs.test)),
          models_(std::move(inputs.models)) {
        world.together([&] {
            if (config_.time_unit == 0.0) {
                config_.time_unit = natural_time_unit(inputs.training);
            }
            for (Trajectories* all : {&inputs.training, &inputs.validation, &test_}) {
                rescale_times(config_.time_unit, *all);
            }
            data_ = make_trajectory_data(std::move(inputs.training), inputs.validation, config_);
        });
        if (config_.gene_blocks == 0) {
            config_.gene_blocks = data_.genes();
        }
        if (config_.warm_start && data_.genes() > kMostGenesForWarmStart) {
            log_.warning(fmt::format("{} genes are too many for a warm start (up to {}): starting at random",
                                     data_.genes(), kMostGenesForWarmStart));
            config_.warm_start = false;
        }
        world_.together([&] { require_memory(config_, data_.genes()); });
    }

    TrajectorySummary operator()(Index shown) {
        log_.info(fmt::format("{} genes, {} intervals to train on, {} to validate, {} replicas x {} gene blocks",
                              data_.genes(), data_.training.size(), data_.validation.size(), config_.replicas,
                              config_.gene_blocks));
        log_.detail(fmt::format("a unit of time of the model is {:.4g} of the data's", config_.time_unit));
        if (config_.prune.grid) {
            choose_lambda();
        }
        timings_.start("training");
        const TrajectoryFloor whole = floor("replica");
        TrajectoryTraining training(world_, config_, config_.replicas,
                                    block_of(config_.replicas, world_.size(), world_.rank()), whole);
        training();
        checkpoints_.point([&](Checkpoints::Records& records) { training.save(records); }, true);
        log_.progress_done();
        timings_.start("consensus and results");
        TrajectoryEnsemble ensemble(world_, config_, data_, test_, training.replicas());
        summary_.validation = ensemble.validation();
        summary_.test = ensemble.test();
        summary_.replicas = ensemble.replicas();
        summary_.rounds = training.rounds();
        summary_.edges = ensemble.write(output_, shown);
        checkpoints_.close();
        summary_.lambda = config_.prune.lambda;
        summary_.added_noise_variance = config_.added_noise * config_.added_noise;
        summary_.seconds_per_epoch = world_.max(seconds_ / std::max(1.0, static_cast<double>(epochs_)));
        summary_.genes = data_.trajectories.genes;
        summary_.phases = timings_.over_ranks(world_);
        return std::move(summary_);
    }

private:
    [[nodiscard]] TrajectoryFloor floor(const std::string& name) {
        return {data_,
                prior_,
                models_,
                checkpoints_,
                name,
                [this](const TrajectoryReplica& replica) { tell(replica); },
                [this](double seconds) {
                    seconds_ += seconds;
                    ++epochs_;
                }};
    }

    void tell(const TrajectoryReplica& replica) {
        const TrajectoryEpoch& e = replica.history().back();
        if (epochs_ % 10 == 0 || log_.on_terminal()) {
            log_.progress(
                fmt::format("replica {}  epoch {}/{}  training {:.3e}  validation {:.3e}  sparsity {:.1f} %",
                            replica.replica(), e.epoch, config_.epochs, e.training, e.validation, 100.0 * e.sparsity),
                fmt::format("replica={} epoch={} training={:.4e} validation={:.4e} sparsity={:.4f} rate={:.2e}",
                            replica.replica(), e.epoch, e.training, e.validation, e.sparsity, e.learning_rate));
        }
    }

    /// --dash-grid: one replica per pair of lambdas, spread over the ranks; the lowest validation error wins.
    void choose_lambda() {
        timings_.start("lambda search");
        static const std::vector<prune::Lambdas> kGrid = {{0.0, 0.0},  {0.02, 0.01}, {0.1, 0.05},
                                                          {0.5, 0.05}, {0.75, 0.75}, {0.95, 0.9}};
        double best = 1e300;
        for (std::size_t k = 0; k < kGrid.size(); ++k) {
            TrajectoryConfig trial = config_;
            trial.prune.lambda = kGrid[k];
            trial.replicas = 1;
            const std::string key = record_key("lambda", {static_cast<Index>(k)});
            const double error = settled(world_, checkpoints_, key, [&](const std::string& name) {
                const bool own = static_cast<int>(k) % world_.size() == world_.rank();
                const TrajectoryFloor floor_of_trial = floor(name);
                TrajectoryTraining training(world_, trial, 1, own ? Range{0, 1} : Range{0, 0}, floor_of_trial);
                training();
                return world_.max(own ? training.replicas().front().best_error() : 0.0);
            });
            log_.info(fmt::format("  lambda ({}, {}): validation error {:.3e}", kGrid[k].inner, kGrid[k].outer, error));
            if (error < best) {
                best = error;
                config_.prune.lambda = kGrid[k];
            }
        }
        log_.info(fmt::format("lambda: ({}, {})", config_.prune.lambda.inner, config_.prune.lambda.outer));
    }

    const mpi::Communicator& world_;
    TrajectoryConfig config_;
    const RunOutput& output_;
    Checkpoints& checkpoints_;
    Log& log_;
    TrajectoryPrior prior_;
    Trajectories test_;
    std::vector<io::StoredDynamics> models_;
    TrajectoryData data_;
    Timings timings_;
    double seconds_ = 0.0;
    Index epochs_ = 0;
    TrajectorySummary summary_;
};

}  // namespace

TrajectorySummary train_trajectories(const mpi::Communicator& world, TrajectoryInputs inputs, TrajectoryConfig config,
                                     const RunOutput& output, Index shown, Checkpoints& checkpoints, Log& log) {
    return TrajectoryRun(world, std::move(inputs), std::move(config), output, checkpoints, log)(shown);
}

}  // namespace lazynet::train
