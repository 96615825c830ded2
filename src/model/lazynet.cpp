#include "lazynet/model/lazynet.hpp"

namespace lazynet {

LazyNet::LazyNet(const LazyNetShape& s, const Random& random, float scale)
    : shape(s), a(s.inputs + 1, s.hidden()), c(Matrix::Zero(s.outputs, s.width())) {
    for (Index k = 0; k < s.inputs * s.hidden(); ++k) {
        a.data()[k] = scale * static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    a.row(s.inputs).setZero();
}

void activate(const LazyNetShape& shape, ConstMatrixView z, MatrixView h) {
    h.leftCols(shape.sums) = z.leftCols(shape.sums);
    h.middleCols(shape.sums, shape.products) = z.rightCols(shape.products).array().min(shape.u_max).expm1().matrix();
    h.col(shape.hidden()).setOnes();
}

void activate_backward(const LazyNetShape& shape, ConstMatrixView z, ConstMatrixView h, ConstMatrixView dh,
                       MatrixView dz) {
    dz.leftCols(shape.sums) = dh.leftCols(shape.sums);
    const auto u = z.rightCols(shape.products).array();
    const auto slope = h.middleCols(shape.sums, shape.products).array() + 1.0f;
    dz.rightCols(shape.products) =
        (u < shape.u_max).select(dh.middleCols(shape.sums, shape.products).array() * slope, 0.0f).matrix();
}

double add_slopes(const LazyNetShape& shape, ConstMatrixView z, ConstVectorView w, VectorD& slopes) {
    for (Index p = 0; p < z.rows(); ++p) {
        const auto weight = static_cast<double>(w[p]);
        slopes.head(shape.sums).array() += weight;
        for (Index k = shape.sums; k < shape.hidden(); ++k) {
            const float u = z(p, k);
            slopes[k] += u < shape.u_max ? weight * std::exp(static_cast<double>(u)) : 0.0;
        }
    }
    return w.cast<double>().sum();
}

Matrix jacobian_factor(const LazyNet& net, const VectorD& slopes) {
    return net.a.topRows(net.shape.inputs) * slopes.cast<float>().asDiagonal();
}

}  // namespace lazynet
