#pragma once

#include <cstdint>
#include <span>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/sparse.hpp"

namespace lazynet {

/// Targets of a batch, dense: (batch, outputs). The kernels treat it and SparseBatch alike.
struct DenseTarget {
    ConstMatrixView values;
    /// out (batch, W) += T * c (outputs, W)
    void times(ConstMatrixView c, MatrixView out) const { out.noalias() += values * c; }
    /// out (outputs, W) += T' * wh (batch, W)
    void transposed_times(ConstMatrixView wh, MatrixView out) const { out.noalias() += values.transpose() * wh; }
};

/// Scratch of the output kernels; reused from batch to batch, so nothing is allocated after the first.
struct OutputScratch {
    Matrix weighted;  ///< (batch, W)
    Matrix product;   ///< (batch, W)
    Matrix residual;  ///< (batch, tile)
    Matrix gram_h;    ///< (W, W)
    Matrix gram_c;    ///< (W, W)
};

/// Squared error of the output layer Y = h c' against targets T, without ever forming Y.
///
///     loss = sum_p w_p |Y_p - T_p|^2 = sum_p w_p (h_p (c'c) h_p' - 2 h_p . (T c)_p + |T_p|^2)
///     dc  += 2 (c (h' W h) - T' W h)          dh = 2 W (h (c'c) - T c)
///
/// The Gram matrices c'c and h'Wh replace two of the three large products of the direct form, and T enters only
/// through products, so it may stay sparse. h (batch, W) ends with a column of ones: the bias is a column of c.
/// Adds to dc (outputs, W), overwrites dh (batch, W). `squared_norms` holds |T_p|^2, w the pair weights (batch).
/// @returns the loss, float64
template <typename Target>
double squared_error_step(const Target& target, std::span<const double> squared_norms, ConstMatrixView h,
                          ConstVectorView w, ConstMatrixView c, MatrixView dc, MatrixView dh, OutputScratch& scratch);

extern template double squared_error_step(const DenseTarget&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                          ConstMatrixView, MatrixView, MatrixView, OutputScratch&);
extern template double squared_error_step(const SparseBatch&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                          ConstMatrixView, MatrixView, MatrixView, OutputScratch&);

/// The same loss without gradients: two products instead of four.
template <typename Target>
double squared_error(const Target& target, std::span<const double> squared_norms, ConstMatrixView h, ConstVectorView w,
                     ConstMatrixView c, OutputScratch& scratch);

extern template double squared_error(const DenseTarget&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                     ConstMatrixView, OutputScratch&);
extern template double squared_error(const SparseBatch&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                     ConstMatrixView, OutputScratch&);

/// Huber loss of the output layer, in the direct form, tile by tile of outputs so that the residual stays in cache:
///
///     loss = sum_p w_p sum_i huber(Y_pi - T_pi),  huber(r) = r^2 for |r| <= delta, 2 delta |r| - delta^2 beyond
///
/// (twice the usual form, so that a large delta gives the squared error). Adds to dc, overwrites dh, as above.
double huber_step(const DenseTarget& target, float delta, ConstMatrixView h, ConstVectorView w, ConstMatrixView c,
                  MatrixView dc, MatrixView dh, OutputScratch& scratch);

}  // namespace lazynet
