#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet::eval {

/// A condition as the baselines see it: which genes are perturbed, and where.
struct Perturbed {
    std::vector<Index> genes;  ///< on the screen's regulator axis, ascending
    Index context = 0;
};

/// How much of a test condition a baseline knows by itself.
enum class Coverage : std::uint8_t {
    none,  ///< nothing: it predicts the mean of perturbations there
    part,  ///< some members of a combination
    full
};

/// A baseline: the change from control that it predicts is a weighted sum of the training conditions' changes, with the
/// same weights for every gene.
struct Smoother {
    Matrix weights;                  ///< (test, training)
    std::vector<Coverage> coverage;  ///< per test condition
};

using Conditions = std::span<const Perturbed>;

/// Nothing happens.
Smoother no_change(Conditions training, Conditions test);
/// Mean over the training perturbations of the context, each counting once whatever its cells; over those of all
/// contexts where the context has none. Covers all.
Smoother mean_of_perturbations(Conditions training, Conditions test);
/// Mean change under the same perturbation in other contexts (STATE's `perturb_mean`).
Smoother mean_over_contexts(Conditions training, Conditions test);
/// Combinations: the sum of the members' changes when perturbed alone, in the same context, else the mean of them over
/// the other contexts. Members never perturbed alone add nothing.
Smoother additive(Conditions training, Conditions test);

/// What ridge regression sees of conditions, one row each.
using Features = Eigen::SparseMatrix<double, Eigen::RowMajor>;

/// 1 where a gene is perturbed. (conditions, regulators)
Features one_hot(Conditions conditions, Index regulators);

/// A tie between two nodes of a graph, without a direction.
struct Tie {
    Index a = 0;
    Index b = 0;
    double weight = 1.0;
};

/// D^-1/2 W D^-1/2, W symmetric: of ties between the same two nodes the largest |weight| counts, self-loops stay. As
/// features of nodes its rows make the kernel of two steps through the graph, which is never indefinite and predicts
/// held-out perturbations better than the one of one step (R2 0.24 against 0.20, GO graph and Replogle's K562 screen).
Features normalised_adjacency(Index nodes, std::span<const Tie> ties);

/// Ridge regression on features, in its dual form: weights = K(test, training) (K(training, training) + penalty I)^-1
/// with K = features times features transposed. Cost: training^3 / 3 + test * training^2.
MatrixD ridge_weights(const Features& training, const Features& test, double penalty);

/// Ridge regression without an intercept (of changes from control: nothing perturbed, nothing changed) or, `centred`,
/// of the departure from mean_of_perturbations. Test conditions that share no feature with the training part are not
/// covered.
struct Ridge {
    bool centred = false;
    double penalty = 1.0;
};
Smoother ridge(const Ridge& how, Conditions training, Conditions test, const Features& training_features,
               const Features& test_features);

/// Puts the mean of perturbations where a smoother covers nothing.
void fall_back_on_mean(Smoother& smoother, Conditions training, Conditions test);

/// Squared errors of a smoother summed over genes and covered test conditions, from the inner products of the changes
/// over genes alone. @param gram (training + test) inner products, training
/// first
double squared_error(const Smoother& smoother, const MatrixD& gram);

/// Predicted changes of some genes. @param changes (training, genes)  @return (test, genes); bits depend on these
/// arguments alone
Matrix smoothed(const Smoother& smoother, const Matrix& changes);

/// Parts of the training conditions for choosing a penalty, keeping each perturbation whole: its number per condition,
/// below `folds`.
std::vector<int> folds_of(Conditions training, int folds, std::uint64_t seed);

}  // namespace lazynet::eval
