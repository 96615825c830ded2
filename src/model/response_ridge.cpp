#include "lazynet/model/response_ridge.hpp"

#include <cmath>
#include <vector>

namespace lazynet {
namespace {

Eigen::SparseMatrix<double> to_sparse(const SparseRows& rows, Index columns) {
    std::vector<Eigen::Triplet<double>> entries;
    for (Index p = 0; p < rows.rows(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        for (auto k = static_cast<std::size_t>(rows.offsets[at]); k < static_cast<std::size_t>(rows.offsets[at + 1]);
             ++k) {
            entries.emplace_back(static_cast<int>(p), rows.columns[k], static_cast<double>(rows.values[k]));
        }
    }
    Eigen::SparseMatrix<double> matrix(rows.rows(), columns);
    matrix.setFromTriplets(entries.begin(), entries.end());
    return matrix;
}

Index width_of(const SparseRows& rows) {
    std::int32_t last = -1;
    for (const std::int32_t column : rows.columns) {
        last = std::max(last, column);
    }
    return last + 1;
}

}  // namespace

ResponseRidge::ResponseRidge(const ResponseInputs& inputs, const ResponseVariances& variances, const VectorD& noise)
    : z_(to_sparse(inputs.perturbations, width_of(inputs.perturbations))),
      f_(*inputs.features),
      spread_(variances.perturbation),
      allowed_(variances.features) {
    Sparse s = spread_ * (z_ * Sparse(z_.transpose()));
    for (Index p = 0; p < noise.size(); ++p) {
        s.coeffRef(p, p) += noise[p];
    }
    particular_.compute(s);
    weighted_.resize(f_.rows(), (allowed_.array() > 0.0).count());
    for (Index k = 0, used = 0; k < f_.cols(); ++k) {
        if (allowed_[k] > 0.0) {
            weighted_.col(used++) = std::sqrt(allowed_[k]) * f_.col(k);
        }
    }
    solved_ = particular_.solve(Eigen::MatrixXd(weighted_));
    MatrixD inner = weighted_.transpose() * solved_;
    inner.diagonal().array() += 1.0;
    inner_.compute(inner);
}

MatrixD ResponseRidge::solve(const MatrixD& v) const {
    MatrixD out = particular_.solve(Eigen::MatrixXd(v));
    out.noalias() -= solved_ * MatrixD(inner_.solve(weighted_.transpose() * out));
    return out;
}

MatrixD ResponseRidge::signal(const MatrixD& v) const {
    return z_ * perturbation_part(v) + f_ * feature_part(v);
}

MatrixD ResponseRidge::covariance_with(const ResponseInputs& others) const {
    // Inputs that none of these pairs has contribute nothing.
    const Sparse z = to_sparse(others.perturbations, std::max(z_.cols(), width_of(others.perturbations)));
    MatrixD covariance = f_ * allowed_.asDiagonal() * others.features->transpose();
    covariance += MatrixD(spread_ * (z_ * Sparse(Sparse(z.leftCols(z_.cols())).transpose())));
    return covariance;
}

MatrixD ResponseRidge::perturbation_part(const MatrixD& v) const {
    return spread_ * (z_.transpose() * v);
}

MatrixD ResponseRidge::feature_part(const MatrixD& v) const {
    return allowed_.asDiagonal() * (f_.transpose() * v);
}

}  // namespace lazynet
