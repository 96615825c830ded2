#include "lambda_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trial.hpp"

namespace lazynet::train {
namespace {

/// Replicas tried.
constexpr Index kReplicas = 2;
/// From no prior to nothing but the prior, by way of the values published for DASH.
constexpr prune::Lambdas kGrid[] = {{0.0, 0.0},   {0.05, 0.01}, {0.5, 0.05}, {0.5, 0.5},
                                    {0.75, 0.75}, {0.95, 0.9},  {1.0, 1.0}};

}  // namespace

prune::Lambdas choose_lambda(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                             const PruneKnowledge& knowledge, ShardFloor floor, std::vector<LambdaTrial>& trials,
                             Log& log) {
    for (const prune::Lambdas& lambda : kGrid) {
        TrainConfig trial = config;
        trial.prune.lambda = lambda;
        const auto number = static_cast<Index>(trials.size());
        const double error =
            settled(world, *floor.checkpoints, record_key("lambda", {number}), [&](const std::string& name) {
                floor.name = name;
                std::vector<RoundRecord> records;
                std::vector<double> errors;
                for (const TrainedShard& shard : train_in_rounds(
                         world, plan, trial, knowledge, std::min(kReplicas, plan.replicas()), floor, records)) {
                    errors.push_back(shard.best);
                }
                return mean_over_shards(world, errors);
            });
        trials.push_back({lambda, error});
        log.info(fmt::format("lambda {:g},{:g}: validation error {:.4f} of no change", lambda.inner, lambda.outer,
                             trials.back().criterion));
    }
    const auto best = std::min_element(trials.begin(), trials.end(), [](const LambdaTrial& a, const LambdaTrial& b) {
        return a.criterion < b.criterion;
    });
    log.info(fmt::format("lambda: {:g},{:g}", best->lambda.inner, best->lambda.outer));
    return best->lambda;
}

}  // namespace lazynet::train
