#include "lazynet/data/co_regulation.hpp"

#include <algorithm>

namespace lazynet {
namespace {

/// Rows of S that are multiplied at once: 64 floats are a few cache lines per edge, and bound the scratch memory.
constexpr Index kRowsAtOnce = 64;
/// An edge of a sparse product takes as long as so many entries of a dense one (co_regulation_bench).
constexpr Index kEdgeCost = 15;
/// 256 MB.
constexpr Index kMostFormed = 8192;

double sum_of_product(const SparseMatrix& factor) {
    VectorD columns = VectorD::Zero(factor.cols());
    for (Index j = 0; j < factor.rows(); ++j) {
        for (SparseMatrix::InnerIterator e(factor, j); e; ++e) {
            columns[e.col()] += static_cast<double>(e.value());
        }
    }
    return columns.squaredNorm();
}

}  // namespace

CoRegulation::CoRegulation(const SparseMatrix& factor, bool is_squared)
    : factor_(factor.cwiseAbs()), is_squared_(is_squared) {
    const double sum = is_squared_ ? sum_of_product(factor_) : factor_.cast<double>().sum();
    scale_ = sum > 0.0 ? static_cast<float>(1.0 / sum) : 0.0f;
    if (is_squared_ && is_formed(factor_.rows(), factor_.nonZeros())) {
        formed_ = scale_ * Matrix(SparseMatrix(factor_ * SparseMatrix(factor_.transpose())));
    }
}

bool CoRegulation::is_formed(Index regulators, Index edges) {
    return regulators <= kMostFormed && regulators * regulators <= 2 * kEdgeCost * edges;
}

CoRegulation CoRegulation::from_prior(const SparseMatrix& prior) {
    return {prior, true};
}

CoRegulation CoRegulation::from_interactions(const SparseMatrix& interactions) {
    return {interactions, false};
}

/// Works on S transposed, where an edge adds one short contiguous row to another.
Matrix CoRegulation::times(const Matrix& s) const {
    if (formed_.size() > 0) {
        return s * formed_;
    }
    Matrix product(s.rows(), factor_.rows());
    Matrix left;
    Matrix right;
    for (Index first = 0; first < s.rows(); first += kRowsAtOnce) {
        const Index n = std::min(kRowsAtOnce, s.rows() - first);
        const Matrix columns = scale_ * s.middleRows(first, n).transpose();
        left.setZero(factor_.cols(), n);
        for (Index j = 0; j < factor_.rows(); ++j) {
            for (SparseMatrix::InnerIterator e(factor_, j); e; ++e) {
                left.row(e.col()) += e.value() * columns.row(j);
            }
        }
        if (!is_squared_) {
            product.middleRows(first, n) = left.transpose();
            continue;
        }
        right.setZero(factor_.rows(), n);
        for (Index j = 0; j < factor_.rows(); ++j) {
            for (SparseMatrix::InnerIterator e(factor_, j); e; ++e) {
                right.row(j) += e.value() * left.row(e.col());
            }
        }
        product.middleRows(first, n) = right.transpose();
    }
    return product;
}

}  // namespace lazynet
