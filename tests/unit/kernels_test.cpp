#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/adam.hpp"
#include "lazynet/kernels/output.hpp"
#include "lazynet/kernels/sparse.hpp"

namespace lazynet {
namespace {

Matrix random_matrix(Index rows, Index cols, const char* stream) {
    const Random random(1, stream);
    Matrix m(rows, cols);
    for (Index k = 0; k < m.size(); ++k) {
        m.data()[k] = static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    return m;
}

/// A sparse matrix and its dense twin.
struct Sparse {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    Matrix dense;
    Sparse(Index rows, Index cols, double density) : dense(Matrix::Zero(rows, cols)) {
        const Random random(7, "sparse");
        for (Index p = 0; p < rows; ++p) {
            for (Index c = 0; c < cols; ++c) {
                const auto at = static_cast<std::uint64_t>(p * cols + c);
                if (random.uniform(at) < density) {
                    dense(p, c) = static_cast<float>(random.normal(at));
                    columns.push_back(static_cast<std::int32_t>(c));
                    values.push_back(dense(p, c));
                }
            }
            offsets.push_back(static_cast<std::int64_t>(columns.size()));
        }
    }
    [[nodiscard]] SparseRows rows() const { return {offsets, columns, values}; }
};

class SparseProducts : public testing::TestWithParam<Index> {};

TEST_P(SparseProducts, AgreeWithDenseProducts) {
    const Index width = GetParam();
    const Sparse x(23, 71, 0.3);
    SparseBatch batch;
    batch.assign(x.rows(), 71);
    const Matrix a = random_matrix(71, width, "a");
    const Matrix z = random_matrix(23, width, "z");
    const Matrix forward = Matrix::Ones(23, width) + x.dense * a;
    const Matrix backward = Matrix::Ones(71, width) + x.dense.transpose() * z;
    for (const bool batched : {true, false}) {
        Matrix out = Matrix::Ones(23, width);
        Matrix da = Matrix::Ones(71, width);
        if (batched) {
            batch.times(cview(a), view(out));
            batch.transposed_times(cview(z), view(da));
        } else {
            sparse_times(x.rows(), cview(a), view(out));
            sparse_transposed_times(x.rows(), cview(z), view(da));
        }
        EXPECT_LT((out - forward).cwiseAbs().maxCoeff(), 1e-4f);
        EXPECT_LT((da - backward).cwiseAbs().maxCoeff(), 1e-4f);
    }
}
INSTANTIATE_TEST_SUITE_P(Widths, SparseProducts, testing::Values(1, 15, 16, 33, 64, 97, 257));

/// The naive twin: forms Y, one output at a time, in double.
struct Naive {
    double loss = 0.0;
    MatrixD dc, dh;
    Naive(const Matrix& t, const Matrix& h, const Vector& w, const Matrix& c, double delta)
        : dc(MatrixD::Zero(c.rows(), c.cols())), dh(MatrixD::Zero(h.rows(), h.cols())) {
        for (Index p = 0; p < t.rows(); ++p) {
            for (Index i = 0; i < t.cols(); ++i) {
                const double r = h.row(p).cast<double>().dot(c.row(i).cast<double>()) - static_cast<double>(t(p, i));
                const double size = std::abs(r);
                const double weight = static_cast<double>(w[p]);
                loss += weight * (size <= delta ? r * r : 2.0 * delta * size - delta * delta);
                const double slope = 2.0 * weight * std::clamp(r, -delta, delta);
                dc.row(i) += slope * h.row(p).cast<double>();
                dh.row(p) += slope * c.row(i).cast<double>();
            }
        }
    }
};

std::vector<double> squared_norms(const Matrix& t) {
    std::vector<double> norms;
    for (Index p = 0; p < t.rows(); ++p) {
        norms.push_back(t.row(p).cast<double>().squaredNorm());
    }
    return norms;
}

struct OutputCase {
    Sparse t{19, 1100, 0.4};
    Matrix h = random_matrix(19, 34, "h");
    Matrix c = 0.2f * random_matrix(1100, 34, "c");
    Vector w = Vector::LinSpaced(19, 0.2f, 2.0f);
    Matrix dc = Matrix::Ones(1100, 34);
    Matrix dh = Matrix::Constant(19, 34, 5.0f);
    OutputScratch scratch;
    void expect_agrees_with(const Naive& naive, double loss) const {
        EXPECT_NEAR(loss / naive.loss, 1.0, 1e-5);
        const double scale = naive.dc.cwiseAbs().maxCoeff();
        EXPECT_LT((dc.cast<double>() - MatrixD::Ones(1100, 34) - naive.dc).cwiseAbs().maxCoeff(), 1e-4 * scale);
        EXPECT_LT((dh.cast<double>() - naive.dh).cwiseAbs().maxCoeff(), 1e-4 * naive.dh.cwiseAbs().maxCoeff());
    }
};

TEST(SquaredErrorStep, AgreesWithTheNaiveTwinForDenseTargets) {
    OutputCase k;
    const double loss = squared_error_step(DenseTarget{cview(k.t.dense)}, squared_norms(k.t.dense), cview(k.h),
                                           cview(k.w), cview(k.c), view(k.dc), view(k.dh), k.scratch);
    k.expect_agrees_with(Naive(k.t.dense, k.h, k.w, k.c, 1e30), loss);
}

TEST(SquaredErrorStep, AgreesWithTheNaiveTwinForSparseTargets) {
    OutputCase k;
    SparseBatch t;
    t.assign(k.t.rows(), 1100);
    const auto norms = squared_norms(k.t.dense);
    const double loss =
        squared_error_step(t, norms, cview(k.h), cview(k.w), cview(k.c), view(k.dc), view(k.dh), k.scratch);
    k.expect_agrees_with(Naive(k.t.dense, k.h, k.w, k.c, 1e30), loss);
    EXPECT_NEAR(squared_error(t, norms, cview(k.h), cview(k.w), cview(k.c), k.scratch) / loss, 1.0, 1e-6);
}

TEST(HuberStep, AgreesWithTheNaiveTwinAndWithTheSquaredErrorForLargeDelta) {
    for (const double delta : {0.5, 1e10}) {
        OutputCase k;
        const double loss = huber_step(DenseTarget{cview(k.t.dense)}, static_cast<float>(delta), cview(k.h), cview(k.w),
                                       cview(k.c), view(k.dc), view(k.dh), k.scratch);
        k.expect_agrees_with(Naive(k.t.dense, k.h, k.w, k.c, delta), loss);
    }
}

TEST(AdamUpdate, AgreesWithTheNaiveTwinAndClearsTheGradient) {
    const std::size_t n = 37;
    std::vector<float> p(n, 0.5f), g(n), m(n, 0.0f), v(n, 0.0f);
    std::vector<double> q(n, 0.5), qm(n, 0.0), qv(n, 0.0);
    for (long step = 1; step <= 5; ++step) {
        for (std::size_t i = 0; i < n; ++i) {
            g[i] = std::sin(static_cast<float>(i) + static_cast<float>(step));
            const double slope = static_cast<double>(g[i]) + 2.0 * 0.01 * q[i];
            qm[i] = 0.9 * qm[i] + 0.1 * slope;
            qv[i] = 0.999 * qv[i] + 0.001 * slope * slope;
            const double t = static_cast<double>(step);
            q[i] -= 0.05 * (qm[i] / (1 - std::pow(0.9, t))) / (std::sqrt(qv[i] / (1 - std::pow(0.999, t))) + 1e-8);
        }
        adam_update(AdamStep(0.05, step), 0.01f, p, g, m, v);
    }
    for (std::size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(p[i], q[i], 1e-4);
        EXPECT_EQ(g[i], 0.0f);
    }
}

}  // namespace
}  // namespace lazynet
