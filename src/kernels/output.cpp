#include "lazynet/kernels/output.hpp"

#include <algorithm>

namespace lazynet {
namespace {

/// Outputs per tile of the direct form: the residual tile of a batch of 512 then takes 1 MB of cache.
constexpr Index kTile = 512;

/// gram = m' m, symmetric: half the work of a general product.
void self_product(ConstMatrixView m, Matrix& gram) {
    gram.setZero(m.cols(), m.cols());
    gram.selfadjointView<Eigen::Lower>().rankUpdate(m.transpose());
    gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
}

/// Fills gram_c = c'c and product = T c, and returns the loss they give.
template <typename Target>
double loss_from_products(const Target& target, std::span<const double> squared_norms, ConstMatrixView h,
                          ConstVectorView w, ConstMatrixView c, OutputScratch& scratch) {
    self_product(c, scratch.gram_c);
    scratch.product.setZero(h.rows(), h.cols());
    target.times(c, view(scratch.product));
    scratch.weighted.noalias() = h * scratch.gram_c;
    double loss = 0.0;
    for (Index p = 0; p < h.rows(); ++p) {
        const double fitted = h.row(p).cast<double>().dot(scratch.weighted.row(p).cast<double>());
        const double cross = h.row(p).cast<double>().dot(scratch.product.row(p).cast<double>());
        loss += static_cast<double>(w[p]) * (fitted - 2.0 * cross + squared_norms[static_cast<std::size_t>(p)]);
    }
    return loss;
}

}  // namespace

template <typename Target>
double squared_error_step(const Target& target, std::span<const double> squared_norms, ConstMatrixView h,
                          ConstVectorView w, ConstMatrixView c, MatrixView dc, MatrixView dh, OutputScratch& scratch) {
    const double loss = loss_from_products(target, squared_norms, h, w, c, scratch);
    dh = (2.0f * w).asDiagonal() * (scratch.weighted - scratch.product);  // weighted holds h (c'c) here
    scratch.weighted = (-2.0f * w).asDiagonal() * h;
    scratch.gram_h.noalias() = h.transpose() * scratch.weighted;
    target.transposed_times(cview(scratch.weighted), dc);
    dc.noalias() -= c * scratch.gram_h;
    return loss;
}

template double squared_error_step(const DenseTarget&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                   ConstMatrixView, MatrixView, MatrixView, OutputScratch&);
template double squared_error_step(const SparseBatch&, std::span<const double>, ConstMatrixView, ConstVectorView,
                                   ConstMatrixView, MatrixView, MatrixView, OutputScratch&);

template <typename Target>
double squared_error(const Target& target, std::span<const double> squared_norms, ConstMatrixView h, ConstVectorView w,
                     ConstMatrixView c, OutputScratch& scratch) {
    return loss_from_products(target, squared_norms, h, w, c, scratch);
}

template double squared_error(const DenseTarget&, std::span<const double>, ConstMatrixView, ConstVectorView,
                              ConstMatrixView, OutputScratch&);
template double squared_error(const SparseBatch&, std::span<const double>, ConstMatrixView, ConstVectorView,
                              ConstMatrixView, OutputScratch&);

double huber_step(const DenseTarget& target, float delta, ConstMatrixView h, ConstVectorView w, ConstMatrixView c,
                  MatrixView dc, MatrixView dh, OutputScratch& scratch) {
    dh.setZero();
    double loss = 0.0;
    const Index outputs = c.rows();
    for (Index at = 0; at < outputs; at += kTile) {
        const Index n = std::min(kTile, outputs - at);
        scratch.residual.noalias() = h * c.middleRows(at, n).transpose();
        scratch.residual -= target.values.middleCols(at, n);
        for (Index p = 0; p < h.rows(); ++p) {
            auto r = scratch.residual.row(p).array();
            const auto size = r.abs();
            const auto linear = 2.0f * delta * size - delta * delta;
            loss += static_cast<double>(w[p]) * static_cast<double>((size <= delta).select(r.square(), linear).sum());
            r = (2.0f * w[p]) * r.max(-delta).min(delta);
        }
        dc.middleRows(at, n).noalias() += scratch.residual.transpose() * h;
        dh.noalias() += scratch.residual * c.middleRows(at, n);
    }
    return loss;
}

}  // namespace lazynet
