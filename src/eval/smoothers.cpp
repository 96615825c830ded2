#include "lazynet/eval/smoothers.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

#include "lazynet/core/random.hpp"

namespace lazynet::eval {
namespace {

using Places = std::vector<Index>;
using ByGenes = std::map<std::vector<Index>, Places>;

Smoother nothing_known(Conditions training, Conditions test) {
    return {Matrix::Zero(static_cast<Index>(test.size()), static_cast<Index>(training.size())),
            std::vector<Coverage>(test.size(), Coverage::none)};
}

/// Where each perturbation is among the conditions.
ByGenes places_by_genes(Conditions conditions) {
    ByGenes places;
    for (std::size_t q = 0; q < conditions.size(); ++q) {
        places[conditions[q].genes].push_back(static_cast<Index>(q));
    }
    return places;
}

Places in_context(Conditions conditions, Index context) {
    Places places;
    for (std::size_t q = 0; q < conditions.size(); ++q) {
        if (conditions[q].context == context) {
            places.push_back(static_cast<Index>(q));
        }
    }
    return places;
}

/// What the mean of perturbations averages, per context that occurs.
std::map<Index, Places> mean_of(Conditions training, Conditions asked) {
    Places all(training.size());
    std::iota(all.begin(), all.end(), Index{0});
    std::map<Index, Places> means;
    for (const Perturbed& condition : asked) {
        if (!means.contains(condition.context)) {
            Places own = in_context(training, condition.context);
            means[condition.context] = own.empty() ? all : own;
        }
    }
    return means;
}

void add_mean(Matrix& weights, Index row, const Places& places, double times) {
    for (const Index q : places) {
        weights(row, q) += static_cast<float>(times / static_cast<double>(places.size()));
    }
}

/// Of these places those of the context, or all where it has none.
Places nearest(Conditions training, const Places& places, Index context) {
    Places own;
    std::copy_if(places.begin(), places.end(), std::back_inserter(own),
                 [&](Index q) { return training[static_cast<std::size_t>(q)].context == context; });
    return own.empty() ? places : own;
}

/// Takes from every row of weights what centring the training conditions on their contexts' means amounts to.
void centre(MatrixD& weights, Conditions training) {
    for (const auto& [context, places] : mean_of(training, training)) {
        for (Index row = 0; row < weights.rows(); ++row) {
            double sum = 0.0;
            for (const Index q : places) {
                sum += weights(row, q);
            }
            for (const Index q : places) {
                weights(row, q) -= sum / static_cast<double>(places.size());
            }
        }
    }
}

}  // namespace

Smoother no_change(Conditions training, Conditions test) {
    Smoother result = nothing_known(training, test);
    std::fill(result.coverage.begin(), result.coverage.end(), Coverage::full);
    return result;
}

Smoother mean_of_perturbations(Conditions training, Conditions test) {
    Smoother result = nothing_known(training, test);
    fall_back_on_mean(result, training, test);
    std::fill(result.coverage.begin(), result.coverage.end(), Coverage::full);
    return result;
}

Smoother mean_over_contexts(Conditions training, Conditions test) {
    Smoother result = nothing_known(training, test);
    const ByGenes known = places_by_genes(training);
    for (std::size_t p = 0; p < test.size(); ++p) {
        const auto found = known.find(test[p].genes);
        if (found == known.end()) {
            continue;
        }
        Places others;
        std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(others),
                     [&](Index q) { return training[static_cast<std::size_t>(q)].context != test[p].context; });
        if (!others.empty()) {
            add_mean(result.weights, static_cast<Index>(p), others, 1.0);
            result.coverage[p] = Coverage::full;
        }
    }
    return result;
}

Smoother additive(Conditions training, Conditions test) {
    Smoother result = nothing_known(training, test);
    const ByGenes known = places_by_genes(training);
    for (std::size_t p = 0; p < test.size(); ++p) {
        const std::vector<Index>& genes = test[p].genes;
        std::size_t members = 0;
        for (const Index gene : genes) {
            const auto found = known.find({gene});
            if (genes.size() > 1 && found != known.end()) {
                add_mean(result.weights, static_cast<Index>(p), nearest(training, found->second, test[p].context), 1.0);
                ++members;
            }
        }
        result.coverage[p] = members == 0 ? Coverage::none : members == genes.size() ? Coverage::full : Coverage::part;
    }
    return result;
}

Features one_hot(Conditions conditions, Index regulators) {
    Features features(static_cast<Index>(conditions.size()), regulators);
    for (std::size_t q = 0; q < conditions.size(); ++q) {
        for (const Index gene : conditions[q].genes) {
            features.insert(static_cast<Index>(q), gene) = 1.0;
        }
    }
    features.makeCompressed();
    return features;
}

Features normalised_adjacency(Index nodes, std::span<const Tie> ties) {
    std::map<std::pair<Index, Index>, double> weights;
    for (const Tie& tie : ties) {
        for (const auto& [from, to] : {std::pair{tie.a, tie.b}, std::pair{tie.b, tie.a}}) {
            double& weight = weights[{from, to}];
            weight = std::max(weight, std::abs(tie.weight));
        }
    }
    VectorD degree = VectorD::Zero(nodes);
    for (const auto& [nodes_of_tie, weight] : weights) {
        degree[nodes_of_tie.first] += weight;
    }
    std::vector<Eigen::Triplet<double>> entries;
    for (const auto& [tie, weight] : weights) {
        if (weight > 0.0) {
            entries.emplace_back(static_cast<int>(tie.first), static_cast<int>(tie.second),
                                 weight / std::sqrt(degree[tie.first] * degree[tie.second]));
        }
    }
    Features adjacency(nodes, nodes);
    adjacency.setFromTriplets(entries.begin(), entries.end());
    return adjacency;
}

MatrixD ridge_weights(const Features& training, const Features& test, double penalty) {
    MatrixD kernel(training * Features(training.transpose()));
    kernel.diagonal().array() += penalty;
    const Eigen::LLT<Eigen::Ref<MatrixD>> factor(kernel);
    Eigen::MatrixXd between = MatrixD(test * Features(training.transpose())).transpose();
    factor.solveInPlace(between);
    return between.transpose();
}

Smoother ridge(const Ridge& how, Conditions training, Conditions test, const Features& training_features,
               const Features& test_features) {
    MatrixD weights = ridge_weights(training_features, test_features, how.penalty);
    Smoother result = nothing_known(training, test);
    const Features shared = test_features * Features(training_features.transpose());
    for (Index p = 0; p < shared.rows(); ++p) {
        const bool shares = shared.outerIndexPtr()[p + 1] > shared.outerIndexPtr()[p];
        result.coverage[static_cast<std::size_t>(p)] = shares ? Coverage::full : Coverage::none;
    }
    if (how.centred) {
        centre(weights, training);
        result.weights = mean_of_perturbations(training, test).weights;
    }
    result.weights += weights.cast<float>();
    return result;
}

void fall_back_on_mean(Smoother& smoother, Conditions training, Conditions test) {
    const auto means = mean_of(training, test);
    for (std::size_t p = 0; p < test.size(); ++p) {
        if (smoother.coverage[p] == Coverage::none) {
            const auto row = static_cast<Index>(p);
            smoother.weights.row(row).setZero();
            add_mean(smoother.weights, row, means.at(test[p].context), 1.0);
        }
    }
}

double squared_error(const Smoother& smoother, const MatrixD& gram) {
    const Index training = smoother.weights.cols();
    const Index test = smoother.weights.rows();
    const MatrixD weights = smoother.weights.cast<double>();
    const MatrixD seen = weights * gram.topLeftCorner(training, training);
    double error = 0.0;
    for (Index p = 0; p < test; ++p) {  // |t - W y|^2 = t.t - 2 W y.t + W y.y W'
        if (smoother.coverage[static_cast<std::size_t>(p)] == Coverage::none) {
            continue;
        }
        error += gram(training + p, training + p) - 2.0 * weights.row(p).dot(gram.row(training + p).head(training)) +
                 seen.row(p).dot(weights.row(p));
    }
    return error;
}

Matrix smoothed(const Smoother& smoother, const Matrix& changes) {
    // Few weights are added one by one; many make a product, to which equal rows (means, mostly) go once.
    const Matrix& weights = smoother.weights;
    Matrix result = Matrix::Zero(weights.rows(), changes.cols());
    const Index most = weights.cols() / 16;
    const auto bytes = static_cast<std::size_t>(weights.cols()) * sizeof(float);
    std::map<std::string_view, Index> known;
    std::vector<Index> dense;  // rows of the product
    std::vector<Index> from(static_cast<std::size_t>(weights.rows()), -1);
    for (Index p = 0; p < weights.rows(); ++p) {
        if ((weights.row(p).array() != 0.0F).count() > most) {
            const std::string_view key(reinterpret_cast<const char*>(weights.row(p).data()), bytes);
            const auto [at, is_new] = known.try_emplace(key, static_cast<Index>(dense.size()));
            from[static_cast<std::size_t>(p)] = at->second;
            if (is_new) {
                dense.push_back(p);
            }
            continue;
        }
        for (Index q = 0; q < weights.cols(); ++q) {
            if (weights(p, q) != 0.0F) {
                result.row(p) += weights(p, q) * changes.row(q);
            }
        }
    }
    const Matrix rows = weights(dense, Eigen::all);
    const Matrix products = rows * changes;
    for (Index p = 0; p < weights.rows(); ++p) {
        if (from[static_cast<std::size_t>(p)] >= 0) {
            result.row(p) = products.row(from[static_cast<std::size_t>(p)]);
        }
    }
    return result;
}

std::vector<int> folds_of(Conditions training, int folds, std::uint64_t seed) {
    const ByGenes known = places_by_genes(training);
    std::vector<std::int64_t> order(known.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    Random(seed, "baseline folds").shuffle(order);
    std::vector<int> fold(training.size());
    std::size_t at = 0;
    for (const auto& [genes, places] : known) {
        const auto number = static_cast<int>(order[at++] % folds);
        for (const Index q : places) {
            fold[static_cast<std::size_t>(q)] = number;
        }
    }
    return fold;
}

}  // namespace lazynet::eval
