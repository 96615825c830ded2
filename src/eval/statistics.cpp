#include "statistics.hpp"

#include <cmath>
#include <limits>

namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_constant(const VectorD& a) {
    return a.size() == 0 || a.minCoeff() == a.maxCoeff();
}

double determination(double residual, double total) {
    if (total == 0.0) {
        return residual == 0.0 ? 1.0 : 0.0;
    }
    return 1.0 - residual / total;
}

}  // namespace

VectorD take(const VectorD& values, Genes genes) {
    VectorD taken(static_cast<Index>(genes.size()));
    for (std::size_t k = 0; k < genes.size(); ++k) {
        taken[static_cast<Index>(k)] = values[genes[k]];
    }
    return taken;
}

double mean_squared(const VectorD& a, const VectorD& b) {
    return a.size() == 0 ? kNaN : (a - b).squaredNorm() / static_cast<double>(a.size());
}

double mean_absolute(const VectorD& a, const VectorD& b) {
    return a.size() == 0 ? kNaN : (a - b).cwiseAbs().sum() / static_cast<double>(a.size());
}

double pearson(const VectorD& a, const VectorD& b) {
    if (is_constant(a) || is_constant(b)) {
        return kNaN;
    }
    const double mean_a = a.mean();
    const double mean_b = b.mean();
    const auto from_a = a.array() - mean_a;
    const auto from_b = b.array() - mean_b;
    return (from_a * from_b).sum() / std::sqrt(from_a.square().sum() * from_b.square().sum());
}

double cosine(const VectorD& a, const VectorD& b) {
    return a.dot(b) / std::sqrt(a.squaredNorm() * b.squaredNorm());
}

double r_squared(const VectorD& truth, const VectorD& predicted) {
    if (truth.size() < 2) {
        return kNaN;
    }
    const double total = is_constant(truth) ? 0.0 : (truth.array() - truth.mean()).square().sum();
    return determination((truth - predicted).squaredNorm(), total);
}

double r_squared(const VectorD& truth, const VectorD& predicted, const VectorD& weights) {
    if (truth.size() < 2) {
        return kNaN;
    }
    const double mean = truth.dot(weights) / weights.sum();
    const double total = is_constant(truth) ? 0.0 : ((truth.array() - mean).square() * weights.array()).sum();
    return determination(((truth - predicted).array().square() * weights.array()).sum(), total);
}

double finite_or(double value, double otherwise) {
    return std::isfinite(value) ? value : otherwise;
}

}  // namespace lazynet::eval
