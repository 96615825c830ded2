#pragma once

#include <functional>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Column-major float64: a column is a vector of a basis.
using Columns = Eigen::MatrixXd;

/// Eigenvectors as columns, of length 1, by descending eigenvalue.
struct EigenPairs {
    VectorD values;
    Columns vectors;  ///< size x values.size()
};

/// y = S x of a symmetric S, for several vectors at once.
using SymmetricProduct = std::function<void(const Eigen::Ref<const Columns>& x, Eigen::Ref<Columns> y)>;

/// The `count` largest eigenvalues (not the largest by size) of a symmetric matrix of which only products are known,
/// and their eigenvectors.
///
/// Small matrices are solved in full, large ones with Spectra (Lanczos, implicitly restarted). One Lanczos sequence
/// sees one vector of a repeated eigenvalue, so further copies are then looked for in what the vectors found leave of
/// S. Residuals are below 1e-8 of the eigenvalues.
///
/// The same bits every time: fixed starts, no threads. The sign of a vector makes its largest component positive (the
/// first of those that are equal but for rounding). Memory: size x 4 count x 8 bytes.
/// @param count at most `size` come back
/// @throws InternalError if it does not converge
EigenPairs leading_eigenpairs(Index size, const SymmetricProduct& product, Index count);

}  // namespace lazynet
