#include "lazynet/train/response_fit.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "pair_table.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Directions beyond the hidden units, and passes, of the randomised search for the leading ones (Halko 2011).
constexpr Index kSpareDirections = 8;
constexpr int kPasses = 3;
/// Least bootstrap weight: a pair never goes altogether.
constexpr double kLeastWeight = 0.02;
/// Bounds of how far a direction is trusted: the first one is always kept, none is taken for free of noise.
constexpr double kLeastTrust = 0.01;
constexpr double kMostTrust = 0.999;
/// Least sampling variance that directions are judged by, as a share of the signal: some screens tell none.
constexpr double kLeastNoise = 0.001;

/// How a replica's noise enters: neighbours have opposite signs, the last of an odd number has none. Of an even number
/// the deviations' mean square, with n - 1, would be too large.
float noise_sign(Index replica, Index replicas) {
    if (replicas % 2 == 1 && replica + 1 == replicas) {
        return 0.0f;
    }
    const auto n = static_cast<double>(replicas);
    const double scale = replicas % 2 == 1 ? 1.0 : std::sqrt((n - 1.0) / n);
    return static_cast<float>(replica % 2 == 0 ? scale : -scale);
}

MatrixD orthonormal(const MatrixD& m) {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr{Eigen::MatrixXd(m)};
    return qr.householderQ() * Eigen::MatrixXd::Identity(m.rows(), m.cols());
}

/// Changes of all pairs as this replica sees them, own genes neutral.
MatrixD replica_changes(const ShardId& id, const BlockTargets& block, const TrainConfig& config) {
    const float sign = config.bootstrap_cells ? noise_sign(id.replica, config.replicas) : 0.0f;
    const Matrix clean = changes_of_others(block, {0, block.genes.size()});
    MatrixD y = clean.cast<double>();
    for (Index p = 0; p < y.rows() && sign != 0.0f; ++p) {
        y.row(p) += static_cast<double>(sign) * replica_noise(config.seed, id.replica / 2, p, block).cast<double>();
    }
    return y;
}

/// Bootstrap weights of one replica's pairs: where the noise of the data is known, it makes the replicas differ, and
/// resampling the few pairs of a gene besides would only make them worse.
VectorD replica_weights(const ShardId& id, const Pairs& pairs, const TrainConfig& config) {
    VectorD weights = VectorD::Ones(pairs.size());
    if (config.bootstrap_perturbations && !config.bootstrap_cells) {
        const Random random(config.seed, "perturbation bootstrap", {id.replica});
        for (Index p = 0; p < weights.size(); ++p) {
            weights[p] = std::max(kLeastWeight, random.exponential(static_cast<std::uint64_t>(p)));
        }
    }
    return weights;
}

/// Sampling variance of the pairs on the block's genes: the screen's, times how noisy these genes are.
VectorD block_sampling(const BlockTargets& block, const ResponsePrior& prior) {
    const double screen = prior.sampling.mean();
    const double here = block.noise.cast<double>().squaredNorm() / static_cast<double>(block.noise.size());
    return screen > 0.0 && here > 0.0 ? VectorD(prior.sampling * (here / screen)) : prior.sampling;
}

/// Outputs' directions along which pairs truly differ, and how far to trust the values along them.
struct Directions {
    MatrixD vectors;              // (outputs, found), orthonormal
    std::vector<double> signals;  // variance of the signal relative to the noise
};

/// Optimal shrinkage of a singular value of signal plus white noise of variance 1, in the Frobenius norm (Gavish and
/// Donoho 2017), as a factor: 0 below the noise's own largest one.
double shrinkage(double value, double rows, double columns) {
    const double beta = std::min(rows, columns) / std::max(rows, columns);
    const double y = value / std::sqrt(std::max(rows, columns));
    const double square = (y * y - beta - 1.0) * (y * y - beta - 1.0) - 4.0 * beta;
    return y > 1.0 + std::sqrt(beta) && square > 0.0 ? std::sqrt(square) / (y * y) : 0.0;
}

/// Directions of the changes, every pair in units of its noise.
Directions leading_directions(const MatrixD& changes, const VectorD& noise, Index most, const Random& random) {
    const MatrixD y = noise.cwiseSqrt().cwiseInverse().asDiagonal() * changes;
    const Index outputs = y.cols();
    MatrixD v(outputs, std::min({outputs, y.rows(), most + kSpareDirections}));
    for (Index k = 0; k < v.size(); ++k) {
        v.data()[k] = random.normal(static_cast<std::uint64_t>(k));
    }
    for (int pass = 0; pass < kPasses; ++pass) {
        v = orthonormal(y.transpose() * (y * v));
    }
    const MatrixD scores = y * v;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen{Eigen::MatrixXd(scores.transpose() * scores)};
    Directions out;
    const Index found = std::min(most, v.cols());
    for (Index k = 0; k < found; ++k) {
        const double value = std::sqrt(std::max(0.0, eigen.eigenvalues()[v.cols() - 1 - k]));
        const double trust = shrinkage(value, static_cast<double>(y.rows()), static_cast<double>(outputs));
        if (k == 0 || trust > 0.0) {
            out.signals.push_back(std::clamp(trust, kLeastTrust, kMostTrust) /
                                  (1.0 - std::clamp(trust, kLeastTrust, kMostTrust)));
        }
    }
    const auto kept = static_cast<Index>(out.signals.size());
    out.vectors = v * eigen.eigenvectors().rightCols(kept).rowwise().reverse();
    return out;
}

/// Noise of the pairs: what sampling adds, and what is particular, which goes with the signal; for their weights.
struct PairNoise {
    VectorD sampling, particular, weights;
    [[nodiscard]] VectorD at(double scale) const {
        return ((sampling + scale * particular).array() / weights.array()).matrix();
    }
};

/// Coefficients along every direction, under the prior scaled to the direction's signal.
struct Coefficients {
    MatrixD perturbations, features;
    MatrixD fitted;  // (pairs, directions)
};

/// Signals of about equal size share a factorisation.
double rounded(double signal) {
    return std::exp2(std::round(2.0 * std::log2(signal)) / 2.0);
}

ResponseVariances scaled(ResponseVariances variances, double scale) {
    variances.perturbation *= scale;
    variances.features *= scale;
    return variances;
}

/// Coefficients for some values, all with the same signal. Where genes that were perturbed have a prior of their own,
/// their inputs make up for what the embedding would say of them.
Coefficients fit_signal(const Pairs& pairs, const ResponsePrior& prior, const MatrixD& values, double scale,
                        const VectorD& noise) {
    const ResponseInputs inputs{pairs.rows(), &pairs.embedding.features};
    const ResponseRidge trained(inputs, scaled(prior.trained, scale), noise);
    const MatrixD solved = trained.solve(values);
    Coefficients out{trained.perturbation_part(solved), trained.feature_part(solved), trained.signal(solved)};
    if (!prior.is_one) {
        const ResponseRidge unseen(inputs, scaled(prior.variances, scale), noise);
        const MatrixD features = unseen.feature_part(unseen.solve(values));
        const Index k = pairs.embedding.dimensions();
        const MatrixD difference = out.features.topRows(k) - features.topRows(k);
        for (std::size_t j = 0; j < pairs.inputs.size(); ++j) {
            out.perturbations.row(static_cast<Index>(j)) +=
                pairs.embedding.regulators.row(pairs.inputs[j]).cast<double>() * difference;
        }
        out.features.topRows(k) = features.topRows(k);
    }
    return out;
}

Coefficients fit_directions(const Pairs& pairs, const ResponsePrior& prior, const MatrixD& values,
                            const Directions& directions, double unit, const PairNoise& noise) {
    Coefficients out;
    out.perturbations.setZero(static_cast<Index>(pairs.inputs.size()), values.cols());
    out.features.setZero(pairs.embedding.features.cols(), values.cols());
    out.fitted.setZero(values.rows(), values.cols());
    for (Index first = 0; first < values.cols();) {
        const double signal = rounded(directions.signals[static_cast<std::size_t>(first)]);
        Index last = first + 1;
        while (last < values.cols() && rounded(directions.signals[static_cast<std::size_t>(last)]) == signal) {
            ++last;
        }
        const double scale = signal * unit / prior.signal;
        const Coefficients part =
            fit_signal(pairs, prior, values.middleCols(first, last - first), scale, noise.at(scale));
        out.perturbations.middleCols(first, last - first) = part.perturbations;
        out.features.middleCols(first, last - first) = part.features;
        out.fitted.middleCols(first, last - first) = part.fitted;
        first = last;
    }
    return out;
}

/// Coefficients and directions as the two layers of a net, every hidden unit balanced between them.
LazyNet as_net(const LazyNetShape& shape, const MatrixD& perturbations, const MatrixD& features,
               const MatrixD& directions, double direction) {
    LazyNet net;
    net.shape = shape;
    net.a.setZero(shape.inputs + 1, shape.hidden());
    net.c.setZero(shape.outputs, shape.width());
    const Index embedded = features.rows() - 1;
    MatrixD a = MatrixD::Zero(shape.inputs + 1, directions.cols());
    a.topRows(perturbations.rows()) = perturbations;
    a.middleRows(shape.inputs - embedded, embedded) = features.topRows(embedded);
    // What is common to combinations counts members beyond the first: one for every member, less the bias.
    a.row(shape.inputs - embedded) += features.row(embedded);
    a.row(shape.inputs) = -direction * features.row(embedded);
    for (Index k = 0; k < directions.cols(); ++k) {
        const double balance = std::sqrt(std::max(a.col(k).norm(), 1e-30));
        net.a.col(k) = (a.col(k) / balance).cast<float>();
        net.c.col(k) = (directions.col(k) * balance).cast<float>();
    }
    return net;
}

}  // namespace

TrainedShard fit_responses(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                           const ResponsePrior& prior) {
    const auto start = std::chrono::steady_clock::now();
    const LazyNetShape shape{pairs.model_inputs(), config.hidden_sums, config.hidden_products, block.genes.size(),
                             static_cast<float>(config.u_max)};
    const VectorD sampling = block_sampling(block, prior);
    const VectorD least = sampling.cwiseMax(kLeastNoise * prior.signal);
    const MatrixD y = replica_changes(id, block, config);
    const Directions directions =
        leading_directions(y, least, shape.sums, Random(config.seed, "directions", {id.block}));
    const Coefficients fit = fit_directions(pairs, prior, y * directions.vectors, directions, least.mean(),
                                            {sampling, prior.particular, replica_weights(id, pairs, config)});
    TrainedShard trained;
    trained.net = as_net(shape, fit.perturbations, fit.features, directions.vectors, pairs.embedding.direction);
    trained.slopes = VectorD::Ones(shape.hidden());
    trained.support = count_support(pairs.rows(), static_cast<Index>(pairs.inputs.size()));
    trained.support.resize(static_cast<std::size_t>(shape.inputs), static_cast<std::int32_t>(pairs.size()));
    const double none = std::max(y.squaredNorm(), std::numeric_limits<double>::min());
    const double error = (y - fit.fitted * directions.vectors.transpose()).squaredNorm();
    trained.history = {{0, error / none, kNaN, kNaN}};
    trained.best = error / none;
    trained.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return trained;
}

}  // namespace lazynet::train
