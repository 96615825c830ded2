#pragma once

#include <Eigen/Cholesky>
#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/sparse.hpp"

namespace lazynet {

/// Inputs of some perturbation pairs: which perturbations (sparse), and what the embedding says of them (dense).
struct ResponseInputs {
    SparseRows perturbations;  ///< (pairs, inputs): +-1 for a perturbed gene
    const MatrixD* features;   ///< (pairs, K)
};

/// How large effects are expected to be, before anything is seen: variances of a Gaussian prior, per output value.
struct ResponseVariances {
    double perturbation = 0.0;  ///< of what is particular to one gene
    VectorD features;           ///< (K): of every feature's coefficient; 0: the feature is not used
};

/// The posterior mean of a linear model of responses, in closed form: ridge regression with a prior of its own for each
/// kind of input,
///
///     Y = Z B_z + F B_f + noise,   B_z ~ N(0, v_z),  B_f ~ N(0, diag(v_f)),  noise of pair p ~ N(0, noise_p),
///
/// the same for every output. With covariance S = v_z Z Z' + F diag(v_f) F' + diag(noise), coefficients are
/// diag(v) X' S^-1 Y. Z is sparse and K small, so S^-1 is applied by the Woodbury identity: cost pairs x K, not
/// pairs^2.
class ResponseRidge {
public:
    /// @param noise (pairs), positive
    ResponseRidge(const ResponseInputs& inputs, const ResponseVariances& variances, const VectorD& noise);

    /// S^-1 v, v (pairs, n).
    [[nodiscard]] MatrixD solve(const MatrixD& v) const;
    /// (S - diag(noise)) v: what the model says of its own pairs.
    [[nodiscard]] MatrixD signal(const MatrixD& v) const;
    /// Prior covariance of these pairs with others: (pairs, others).
    [[nodiscard]] MatrixD covariance_with(const ResponseInputs& others) const;
    /// Coefficients of the perturbation inputs: v_z Z' v (inputs, n).
    [[nodiscard]] MatrixD perturbation_part(const MatrixD& v) const;
    /// Coefficients of the features: diag(v_f) F' v (K, n).
    [[nodiscard]] MatrixD feature_part(const MatrixD& v) const;

private:
    using Sparse = Eigen::SparseMatrix<double>;
    Sparse z_;                                  // (pairs, inputs)
    MatrixD f_;                                 // (pairs, K)
    double spread_;                             // v_z
    VectorD allowed_;                           // v_f
    Eigen::SimplicialLDLT<Sparse> particular_;  // v_z Z Z' + diag(noise)
    MatrixD solved_;                            // its inverse times F diag(sqrt(v_f))
    MatrixD weighted_;                          // F diag(sqrt(v_f))
    Eigen::LLT<MatrixD> inner_;
};

}  // namespace lazynet
