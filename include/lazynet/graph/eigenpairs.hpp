#pragma once

#include <functional>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Eigenvectors as columns, of length 1, by descending eigenvalue.
struct EigenPairs {
    VectorD values;
    Eigen::MatrixXd vectors;  ///< size x values.size()
};

/// y = S x of a symmetric S.
using SymmetricProduct = std::function<void(Eigen::Ref<const VectorD> x, Eigen::Ref<VectorD> y)>;

/// The `count` largest eigenvalues (not the largest by size) of a symmetric matrix of which only products are known,
/// and their eigenvectors: small matrices in full, large ones with Spectra (Lanczos, implicitly restarted), after which
/// copies of repeated eigenvalues that one Lanczos sequence cannot see are looked for. Values are exact to 1e-8 of the
/// largest.
///
/// The same bits every time: fixed start vectors, no threads. The sign of a vector makes its largest component positive
/// (the first of those that are equal but for rounding).
/// @param count at most `size` come back
/// @throws InternalError if it does not converge
EigenPairs leading_eigenpairs(Index size, const SymmetricProduct& product, Index count);

}  // namespace lazynet
