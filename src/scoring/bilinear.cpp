#include "bilinear.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <set>

#include "lazynet/graph/eigenpairs.hpp"

namespace lazynet::scoring {
namespace {

constexpr Index kComponents = 10;
constexpr double kPenalty = 0.1;

using eval::Conditions;
using eval::Coverage;
using eval::Perturbed;

std::vector<Perturbed> training_of(const BaselineTask& task) {
    std::vector<Perturbed> training;
    for (const Index q : task.training) {
        training.push_back(task.table.conditions[static_cast<std::size_t>(q)]);
    }
    return training;
}

std::vector<Index> contexts_of(Conditions conditions) {
    std::vector<Index> contexts;
    for (const Perturbed& condition : conditions) {
        contexts.push_back(condition.context);
    }
    return contexts;
}

std::vector<Index> distinct(std::vector<Index> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

/// Means of the training conditions and, below them, of their contexts' controls, less each row's mean over all genes.
/// One matrix per chunk of genes: bits must not depend on where in memory a chunk happens to begin.
std::vector<MatrixD> centred_means(const mpi::Communicator& world, const BaselineTask& task) {
    const ChangeTable& table = task.table;
    const std::vector<Index> context = contexts_of(training_of(task));
    const std::vector<Index> contexts = distinct(context);
    const auto n = static_cast<Index>(task.training.size());
    const Index rows = n + static_cast<Index>(contexts.size());
    std::vector<MatrixD> means;
    for (const Range chunk : task.genes.chunks) {
        const auto change = table.change.middleCols(chunk.begin, chunk.size());
        const auto control = table.control.middleCols(chunk.begin, chunk.size());
        means.emplace_back(rows, chunk.size());
        means.back().topRows(n) = change(task.training, Eigen::all).cast<double>();
        means.back().topRows(n) += control(context, Eigen::all).cast<double>();
        means.back().bottomRows(rows - n) = control(contexts, Eigen::all).cast<double>();
    }
    auto next = means.begin();
    const MatrixD sums =
        sum_over_chunks(world, task.genes, rows, 1, [&](Range) -> MatrixD { return (next++)->rowwise().sum(); });
    for (MatrixD& chunk : means) {
        chunk.colwise() -= sums.col(0) / static_cast<double>(task.genes.all);
    }
    return means;
}

/// Principal components' scores of this rank's genes, (genes.mine, components). Collective.
MatrixD gene_scores(const mpi::Communicator& world, const BaselineTask& task) {
    const std::vector<MatrixD> means = centred_means(world, task);
    const Index rows = static_cast<Index>(task.training.size() + distinct(contexts_of(training_of(task))).size());
    const auto product = [&](const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y) {
        auto next = means.begin();
        y = sum_over_chunks(world, task.genes, rows, x.cols(), [&](Range) -> MatrixD {
            const MatrixD& chunk = *next++;
            const MatrixD along = chunk.transpose() * x;
            return chunk * along;
        });
    };
    const EigenPairs pairs = leading_eigenpairs(rows, product, std::min(kComponents, rows));
    MatrixD scores(task.genes.mine.size(), pairs.vectors.cols());
    for (std::size_t k = 0; k < means.size(); ++k) {
        const Range chunk = task.genes.chunks[k];
        scores.middleRows(chunk.begin, chunk.size()) = means[k].transpose() * pairs.vectors;
    }
    return scores;
}

/// Perturbations as the model sees them.
class PerturbedScores {
public:
    /// Collective. @param regulators those that conditions name, measured or not
    PerturbedScores(const mpi::Communicator& world, const BaselineTask& task, const MatrixD& scores)
        : gene_of_(task.table.gene_of) {
        std::set<Index> genes;
        const auto add = [&](const Perturbed& condition) {
            std::for_each(condition.genes.begin(), condition.genes.end(), [&](Index j) {
                if (is_measured(j)) {
                    genes.insert(gene_of_[static_cast<std::size_t>(j)]);
                }
            });
        };
        const std::vector<Perturbed> training = training_of(task);
        std::for_each(training.begin(), training.end(), add);
        std::for_each(task.test.begin(), task.test.end(), add);
        genes_.assign(genes.begin(), genes.end());
        scores_ =
            sum_over_chunks(world, task.genes, static_cast<Index>(genes_.size()), scores.cols(), [&](Range chunk) {
                MatrixD rows = MatrixD::Zero(static_cast<Index>(genes_.size()), scores.cols());
                for (std::size_t k = 0; k < genes_.size(); ++k) {
                    const Index local = genes_[k] - task.genes.mine.begin;
                    if (chunk.contains(local)) {
                        rows.row(static_cast<Index>(k)) = scores.row(local);
                    }
                }
                return rows;
            });
    }

    [[nodiscard]] bool covers(const Perturbed& condition) const {
        return std::all_of(condition.genes.begin(), condition.genes.end(), [&](Index j) { return is_measured(j); });
    }
    /// The sum of the members' rows. @pre covers(condition)
    [[nodiscard]] VectorD of(const Perturbed& condition) const {
        VectorD sum = VectorD::Zero(scores_.cols());
        for (const Index j : condition.genes) {
            const Index gene = gene_of_[static_cast<std::size_t>(j)];
            sum += scores_.row(std::lower_bound(genes_.begin(), genes_.end(), gene) - genes_.begin()).transpose();
        }
        return sum;
    }

private:
    [[nodiscard]] bool is_measured(Index j) const { return gene_of_[static_cast<std::size_t>(j)] >= 0; }

    const std::vector<Index>& gene_of_;
    std::vector<Index> genes_;  ///< perturbed and measured, ascending
    MatrixD scores_;            ///< (genes_, components)
};

/// Training conditions that the model is fitted to: one perturbed gene, measured.
std::vector<Index> fitted_rows(const BaselineTask& task, const PerturbedScores& perturbed) {
    std::vector<Index> rows;
    for (const Index q : task.training) {
        const Perturbed& condition = task.table.conditions[static_cast<std::size_t>(q)];
        if (condition.genes.size() == 1 && perturbed.covers(condition)) {
            rows.push_back(q);
        }
    }
    return rows;
}

struct Bilinear {
    MatrixD between;  ///< K, (components, components)
    Vector mean;      ///< b, per gene of this rank
};

Bilinear fit(const mpi::Communicator& world, const BaselineTask& task, const MatrixD& scores,
             const PerturbedScores& perturbed, const std::vector<Index>& rows) {
    const Index k = scores.cols();
    const auto n = static_cast<Index>(rows.size());
    MatrixD p(n, k);
    for (Index r = 0; r < n; ++r) {
        p.row(r) = perturbed.of(task.table.conditions[static_cast<std::size_t>(rows[static_cast<std::size_t>(r)])]);
    }
    const auto controls = static_cast<double>(distinct(contexts_of(training_of(task))).size());
    VectorD mean(task.genes.mine.size());
    const MatrixD products = sum_over_chunks(world, task.genes, 2 * k, k, [&](Range chunk) -> MatrixD {
        const MatrixD change = task.table.change.middleCols(chunk.begin, chunk.size())(rows, Eigen::all).cast<double>();
        const MatrixD g = scores.middleRows(chunk.begin, chunk.size());
        const VectorD b = change.colwise().sum().transpose() / (static_cast<double>(n) + controls);
        mean.segment(chunk.begin, chunk.size()) = b;
        MatrixD parts(2 * k, k);
        parts.topRows(k) = g.transpose() * g;
        parts.bottomRows(k) = g.transpose() * (change.transpose() * p - b * p.colwise().sum());
        return parts;
    });
    const MatrixD ridge = kPenalty * MatrixD::Identity(k, k);
    const MatrixD left = (products.topRows(k) + ridge).llt().solve(products.bottomRows(k));
    const MatrixD pp = p.transpose() * p + ridge;
    return {pp.llt().solve(left.transpose()).transpose(), mean.cast<float>()};
}

}  // namespace

BaselinePrediction predict_bilinear(const mpi::Communicator& world, const BaselineTask& task) {
    const std::vector<Perturbed> training = training_of(task);
    BaselinePrediction result;
    result.coverage.assign(task.test.size(), Coverage::none);
    if (training.empty()) {
        return result;
    }
    const MatrixD scores = gene_scores(world, task);
    const PerturbedScores perturbed(world, task, scores);
    const std::vector<Index> rows = fitted_rows(task, perturbed);
    const bool covers_some = std::any_of(task.test.begin(), task.test.end(),
                                         [&](const Perturbed& condition) { return perturbed.covers(condition); });
    if (rows.empty() || !covers_some) {
        return result;
    }
    result.change = smoothed(task, eval::mean_of_perturbations(training, task.test));
    const Bilinear model = fit(world, task, scores, perturbed, rows);
    for (std::size_t t = 0; t < task.test.size(); ++t) {
        if (perturbed.covers(task.test[t])) {
            const VectorD along = model.between * perturbed.of(task.test[t]);
            for (const Range chunk : task.genes.chunks) {
                const MatrixD g = scores.middleRows(chunk.begin, chunk.size());
                result.change.row(static_cast<Index>(t)).segment(chunk.begin, chunk.size()) =
                    (g * along).cast<float>() + model.mean.segment(chunk.begin, chunk.size());
            }
            result.coverage[t] = Coverage::full;
        }
    }
    return result;
}

}  // namespace lazynet::scoring
