#include "lazynet/scoring/baselines.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bilinear.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"

namespace lazynet::scoring {
namespace {

using eval::Conditions;
using eval::Coverage;
using eval::Features;
using eval::Perturbed;
using eval::Smoother;

/// Penalties are chosen on at most so many training conditions, in so many parts.
constexpr Index kMostForPenalty = 1000;
constexpr int kFolds = 5;

std::vector<Perturbed> picked(const std::vector<Perturbed>& from, const std::vector<Index>& rows) {
    std::vector<Perturbed> result;
    for (const Index row : rows) {
        result.push_back(from[static_cast<std::size_t>(row)]);
    }
    return result;
}

/// Chooses the penalty of a ridge regression by cross-validation over whole perturbations of the training part.
class PenaltySearch {
public:
    /// Collective.
    PenaltySearch(const mpi::Communicator& world, const BaselineTask& task, bool centred, const Features& features)
        : centred_(centred) {
        std::vector<std::int64_t> order(task.training.size());
        std::iota(order.begin(), order.end(), std::int64_t{0});
        if (static_cast<Index>(order.size()) > kMostForPenalty) {
            Random(task.seed, "baseline penalty").shuffle(order);
            order.resize(static_cast<std::size_t>(kMostForPenalty));
            std::sort(order.begin(), order.end());
        }
        std::vector<Index> rows;
        for (const std::int64_t k : order) {
            rows.push_back(task.training[static_cast<std::size_t>(k)]);
            places_.push_back(static_cast<Index>(k));
        }
        conditions_ = picked(task.table.conditions, rows);
        fold_ = eval::folds_of(conditions_, kFolds, task.seed);
        gram_ = inner_products(world, task.genes, task.table, rows);
        features_ = rows_of(features, places_);
    }

    /// Collective: ranks share the trials. @returns the penalty with the least error; of equal ones the largest
    [[nodiscard]] double best(const mpi::Communicator& world) const {
        const std::vector<double> penalties = grid();
        const auto trials = static_cast<Index>(penalties.size()) * kFolds;
        std::vector<double> mine;
        const Range range = block_of(trials, world.size(), world.rank());
        for (Index t = range.begin; t < range.end; ++t) {
            mine.push_back(error(penalties[static_cast<std::size_t>(t / kFolds)], static_cast<int>(t % kFolds)));
        }
        const std::vector<double> errors = world.gather(mine);
        std::size_t best = penalties.size() - 1;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = penalties.size(); k-- > 0;) {
            const auto first = errors.begin() + static_cast<std::ptrdiff_t>(k * kFolds);
            const double sum = std::accumulate(first, first + kFolds, 0.0);
            if (sum < least) {
                least = sum;
                best = k;
            }
        }
        return penalties[best];
    }

private:
    static Features rows_of(const Features& features, const std::vector<Index>& rows) {
        Features result(static_cast<Index>(rows.size()), features.cols());
        std::vector<Eigen::Triplet<double>> entries;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            for (Features::InnerIterator it(features, rows[r]); it; ++it) {
                entries.emplace_back(static_cast<int>(r), static_cast<int>(it.col()), it.value());
            }
        }
        result.setFromTriplets(entries.begin(), entries.end());
        return result;
    }

    /// Shares of the kernel's mean diagonal.
    [[nodiscard]] std::vector<double> grid() const {
        const double mean = features_.rows() > 0 ? features_.squaredNorm() / static_cast<double>(features_.rows()) : 0;
        std::vector<double> penalties;
        for (int half_decade = -6; half_decade <= 6; ++half_decade) {
            penalties.push_back(std::max(mean, 1e-6) * std::pow(10.0, 0.5 * half_decade));
        }
        return penalties;
    }

    [[nodiscard]] double error(double penalty, int fold) const {
        std::vector<Index> training;
        std::vector<Index> held_out;
        for (Index q = 0; q < static_cast<Index>(fold_.size()); ++q) {
            (fold_[static_cast<std::size_t>(q)] == fold ? held_out : training).push_back(q);
        }
        if (training.empty() || held_out.empty()) {
            return 0.0;
        }
        const Smoother smoother =
            eval::ridge({centred_, penalty}, picked(conditions_, training), picked(conditions_, held_out),
                        rows_of(features_, training), rows_of(features_, held_out));
        std::vector<Index> order = training;
        order.insert(order.end(), held_out.begin(), held_out.end());
        return eval::squared_error(smoother, gram_(order, order));
    }

    bool centred_;
    std::vector<Index> places_;  ///< among the task's training conditions
    std::vector<Perturbed> conditions_;
    std::vector<int> fold_;
    MatrixD gram_;
    Features features_;
};

BaselinePrediction finish(const BaselineTask& task, Smoother smoother, const std::vector<Perturbed>& training) {
    if (std::all_of(smoother.coverage.begin(), smoother.coverage.end(),
                    [](Coverage c) { return c == Coverage::none; })) {
        return {{}, std::move(smoother.coverage), -1.0};
    }
    eval::fall_back_on_mean(smoother, training, task.test);
    return {smoothed(task, smoother), std::move(smoother.coverage), -1.0};
}

/// Collective.
BaselinePrediction predict_ridge(const mpi::Communicator& world, const BaselineTask& task, bool centred,
                                 const Features& training_features, const Features& test_features) {
    const std::vector<Perturbed> training = picked(task.table.conditions, task.training);
    const Features shared = test_features * Features(training_features.transpose());
    if (shared.nonZeros() == 0) {  // no penalty matters
        Smoother nothing = eval::no_change(training, task.test);
        std::fill(nothing.coverage.begin(), nothing.coverage.end(), Coverage::none);
        return finish(task, std::move(nothing), training);
    }
    const double penalty = PenaltySearch(world, task, centred, training_features).best(world);
    BaselinePrediction result =
        finish(task, eval::ridge({centred, penalty}, training, task.test, training_features, test_features), training);
    result.penalty = penalty;
    return result;
}

BaselinePrediction predict_graph(const mpi::Communicator& world, const BaselineTask& task) {
    const std::vector<Perturbed> training = picked(task.table.conditions, task.training);
    if (task.graph == nullptr) {
        throw InternalError("graph_kernel without a graph");
    }
    return predict_ridge(world, task, true, eval::one_hot(training, task.table.regulators) * *task.graph,
                         eval::one_hot(task.test, task.table.regulators) * *task.graph);
}

}  // namespace

Matrix smoothed(const BaselineTask& task, const Smoother& smoother) {
    Matrix result(static_cast<Index>(task.test.size()), task.genes.mine.size());
    for (const Range chunk : task.genes.chunks) {
        const Matrix changes = task.table.change.middleCols(chunk.begin, chunk.size())(task.training, Eigen::all);
        result.middleCols(chunk.begin, chunk.size()) = eval::smoothed(smoother, changes);
    }
    return result;
}

const std::vector<Baseline>& baselines() {
    static const std::vector<Baseline> all = {
        {"no_change", "the control mean"},
        {"mean", "control + mean change over the training perturbations of the context, each counting once"},
        {"perturb_mean", "control + mean change of the same perturbation in other contexts (STATE)"},
        {"additive", "control + the members' changes when perturbed alone"},
        {"ridge_onehot", "ridge regression of changes on which genes are perturbed, no intercept, penalty by 5-fold"},
        {"graph_kernel",
         "mean + ridge regression on the perturbed genes' rows of the normalised graph, penalty by 5-fold"},
        {"bilinear", "G K P + b on 10 principal components of the training means, penalties 0.1 (const-ae)"}};
    return all;
}

BaselinePrediction predict_baseline(const mpi::Communicator& world, const std::string& name, const BaselineTask& task) {
    const std::vector<Perturbed> training = picked(task.table.conditions, task.training);
    if (name == "no_change") {
        return finish(task, eval::no_change(training, task.test), training);
    }
    if (name == "mean") {
        return finish(task, eval::mean_of_perturbations(training, task.test), training);
    }
    if (name == "perturb_mean") {
        return finish(task, eval::mean_over_contexts(training, task.test), training);
    }
    if (name == "additive") {
        return finish(task, eval::additive(training, task.test), training);
    }
    if (name == "ridge_onehot") {
        return predict_ridge(world, task, false, eval::one_hot(training, task.table.regulators),
                             eval::one_hot(task.test, task.table.regulators));
    }
    if (name == "graph_kernel") {
        return predict_graph(world, task);
    }
    if (name == "bilinear") {
        return predict_bilinear(world, task);
    }
    throw InternalError("no baseline is called " + name);
}

}  // namespace lazynet::scoring
