#include "lazynet/model/lazynet.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lazynet {
namespace {

/// A small block with all kinds of units, weights away from zero, and a clamp that some inputs reach.
LazyNet example(Index sums, Index products) {
    const LazyNetShape shape{5, sums, products, 4, 0.4f};
    LazyNet net(shape, Random(3, "net"), 0.5f);
    const Random random(4, "net");
    for (Index k = 0; k < net.c.size(); ++k) {
        net.c.data()[k] = static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    for (Index k = 0; k < shape.hidden(); ++k) {
        net.a(shape.inputs, k) = 0.1f * static_cast<float>(k);
    }
    return net;
}

/// The model in double, written as the formula: post - pre = Cs s + Cp h + c.
VectorD naive(const LazyNet& net, const VectorD& d) {
    const MatrixD a = net.a.cast<double>();
    const MatrixD c = net.c.cast<double>();
    VectorD y = c.col(net.shape.hidden());
    for (Index k = 0; k < net.shape.hidden(); ++k) {
        const double z = a.col(k).head(net.shape.inputs).dot(d) + a(net.shape.inputs, k);
        y += c.col(k) * (k < net.shape.sums ? z : std::expm1(std::min(z, static_cast<double>(net.shape.u_max))));
    }
    return y;
}

Matrix inputs(Index cells) {
    Matrix d(cells, 5);
    const Random random(9, "inputs");
    for (Index k = 0; k < d.size(); ++k) {
        d.data()[k] = 0.6f * static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    return d;
}

Matrix preactivation(const LazyNet& net, const Matrix& d) {
    return (d * net.a.topRows(net.shape.inputs)).rowwise() + net.a.row(net.shape.inputs);
}

class LazyNetUnits : public testing::TestWithParam<std::tuple<Index, Index>> {};

TEST_P(LazyNetUnits, ForwardAgreesWithTheFormula) {
    const LazyNet net = example(std::get<0>(GetParam()), std::get<1>(GetParam()));
    const Matrix d = inputs(20);
    const Matrix z = preactivation(net, d);
    Matrix h(20, net.shape.width());
    activate(net.shape, cview(z), view(h));
    const Matrix y = h * net.c.transpose();
    for (Index p = 0; p < 20; ++p) {
        EXPECT_LT((y.row(p).transpose().cast<double>() - naive(net, d.row(p).transpose().cast<double>()))
                      .cwiseAbs()
                      .maxCoeff(),
                  1e-5);
    }
}

TEST_P(LazyNetUnits, ClosedFormJacobianIsTheMeanOfNumericalJacobiansOverCells) {
    const LazyNet net = example(std::get<0>(GetParam()), std::get<1>(GetParam()));
    const Matrix d = inputs(30);
    MatrixD numerical = MatrixD::Zero(4, 5);
    const double step = 1e-6;
    for (Index p = 0; p < 30; ++p) {
        for (Index j = 0; j < 5; ++j) {
            VectorD up = d.row(p).transpose().cast<double>();
            VectorD down = up;
            up[j] += step;
            down[j] -= step;
            numerical.col(j) += (naive(net, up) - naive(net, down)) / (2.0 * step) / 30.0;
        }
    }
    VectorD slopes = VectorD::Zero(net.shape.hidden());
    const Matrix z = preactivation(net, d);
    const Vector ones = Vector::Ones(30);
    slopes /= add_slopes(net.shape, cview(z), cview(ones), slopes);
    const Matrix closed = net.c.leftCols(net.shape.hidden()) * jacobian_factor(net, slopes).transpose();
    EXPECT_LT((closed.cast<double>() - numerical).cwiseAbs().maxCoeff(), 1e-5);
}

TEST_P(LazyNetUnits, ActivationGradientAgreesWithCentralDifferences) {
    const LazyNet net = example(std::get<0>(GetParam()), std::get<1>(GetParam()));
    const Matrix z = preactivation(net, inputs(10));
    Matrix h(10, net.shape.width());
    activate(net.shape, cview(z), view(h));
    const Matrix dh = Matrix::Random(10, net.shape.width());
    Matrix dz(10, net.shape.hidden());
    activate_backward(net.shape, cview(z), cview(h), cview(dh), view(dz));
    const auto loss = [&](const Matrix& at) {
        double sum = 0.0;
        for (Index p = 0; p < 10; ++p) {
            for (Index k = 0; k < net.shape.hidden(); ++k) {
                const double u = static_cast<double>(at(p, k));
                const double value =
                    k < net.shape.sums ? u : std::expm1(std::min(u, static_cast<double>(net.shape.u_max)));
                sum += static_cast<double>(dh(p, k)) * value;
            }
        }
        return sum;
    };
    for (Index k = 0; k < z.size(); ++k) {
        if (std::abs(z.data()[k] - net.shape.u_max) < 2e-2f) {
            continue;  // the clamp has a kink
        }
        Matrix up = z;
        Matrix down = z;
        up.data()[k] += 1e-2f;
        down.data()[k] -= 1e-2f;
        const double width = static_cast<double>(up.data()[k]) - static_cast<double>(down.data()[k]);
        EXPECT_NEAR((loss(up) - loss(down)) / width, static_cast<double>(dz.data()[k]), 1e-3);
    }
}

INSTANTIATE_TEST_SUITE_P(Units, LazyNetUnits,
                         testing::Values(std::tuple<Index, Index>{3, 4}, std::tuple<Index, Index>{0, 6},
                                         std::tuple<Index, Index>{5, 0}));

TEST(LazyNet, UntrainedPredictsNoChange) {
    const LazyNet net({5, 3, 4, 6, 1.5f}, Random(1, "net"), 0.5f);
    EXPECT_EQ(net.c.cwiseAbs().maxCoeff(), 0.0f);
    EXPECT_GT(net.a.topRows(5).cwiseAbs().minCoeff(), 0.0f);
}

}  // namespace
}  // namespace lazynet
