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

VectorD replica_noise_of_pairs(const ShardId& id, const TrainConfig& config, const ResponsePrior& prior) {
    VectorD noise = prior.noise;
    if (config.bootstrap_perturbations) {
        const Random random(config.seed, "perturbation bootstrap", {id.replica});
        for (Index p = 0; p < noise.size(); ++p) {
            noise[p] /= std::max(kLeastWeight, random.exponential(static_cast<std::uint64_t>(p)));
        }
    }
    return noise;
}

/// Leading directions of the fitted changes among the outputs: (outputs, rank), orthonormal.
MatrixD leading_directions(const ResponseRidge& ridge, const MatrixD& y, Index rank, const Random& random) {
    const Index outputs = y.cols();
    const Index width = std::min(outputs, rank + kSpareDirections);
    if (outputs <= rank) {
        return MatrixD::Identity(outputs, outputs);
    }
    MatrixD v(outputs, width);
    for (Index k = 0; k < v.size(); ++k) {
        v.data()[k] = random.normal(static_cast<std::uint64_t>(k));
    }
    const auto fitted = [&](const MatrixD& of) -> MatrixD { return ridge.signal(ridge.solve(y * of)); };
    for (int pass = 0; pass < kPasses; ++pass) {
        v = orthonormal(y.transpose() * ridge.solve(ridge.signal(fitted(v))));
    }
    const MatrixD f = fitted(v);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen{Eigen::MatrixXd(f.transpose() * f)};
    return v * eigen.eigenvectors().rightCols(rank).rowwise().reverse();
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
    const MatrixD y = replica_changes(id, block, config);
    const ResponseRidge ridge({pairs.rows(), &pairs.embedding.features}, prior.variances,
                              replica_noise_of_pairs(id, config, prior));
    const Random random(config.seed, "directions", {id.replica, id.block});
    const MatrixD directions = leading_directions(ridge, y, shape.sums, random);
    const MatrixD fitted = ridge.solve(y * directions);
    TrainedShard trained;
    trained.net = as_net(shape, ridge.perturbation_part(fitted), ridge.feature_part(fitted), directions,
                         pairs.embedding.direction);
    trained.slopes = VectorD::Ones(shape.hidden());
    trained.support.assign(static_cast<std::size_t>(shape.inputs), 0);
    for (const std::int32_t j : pairs.columns) {
        ++trained.support[static_cast<std::size_t>(j)];
    }
    std::fill(trained.support.end() - pairs.embedding.dimensions(), trained.support.end(),
              static_cast<std::int32_t>(pairs.size()));
    const double none = std::max(y.squaredNorm(), std::numeric_limits<double>::min());
    const double error = (y - ridge.signal(fitted) * directions.transpose()).squaredNorm();
    trained.history = {{0, error / none, kNaN, kNaN}};
    trained.best = error / none;
    trained.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return trained;
}

}  // namespace lazynet::train
