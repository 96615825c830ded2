#include "lazynet/kernels/replica_sums.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "random_matrix.hpp"

namespace lazynet {
namespace {

/// Statistics by their definitions, of the replicas that count.
void expect_statistics(const Matrix& values, const Matrix& inverse, const Matrix& sums) {
    for (Index j = 0; j < values.cols(); ++j) {
        double n = 0.0, sum = 0.0, signs = 0.0, selected = 0.0, squares = 0.0;
        for (Index r = 0; r < values.rows(); ++r) {
            const auto x = static_cast<double>(values(r, j));
            if (inverse(r, j) > 0.0f) {
                n += 1.0;
                sum += x;
                signs += x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
                selected += x != 0.0 ? 1.0 : 0.0;
            }
        }
        const double mean = n > 0.0 ? sum / n : 0.0;
        for (Index r = 0; r < values.rows(); ++r) {
            const double apart = static_cast<double>(values(r, j)) - mean;
            squares += inverse(r, j) > 0.0f ? apart * apart : 0.0;
        }
        EXPECT_NEAR(static_cast<double>(sums(0, j)), mean, 1e-5);
        EXPECT_NEAR(static_cast<double>(sums(1, j)), squares, 1e-4);
        EXPECT_EQ(static_cast<double>(sums(2, j)), signs);
        EXPECT_EQ(static_cast<double>(sums(3, j)), selected);
    }
}

Matrix weights_of(const Matrix& counts) {
    Matrix inverse = Matrix::Zero(counts.rows(), counts.cols());
    for (Index j = 0; j < counts.cols(); ++j) {
        float counted = 0.0f;
        for (Index r = 0; r < counts.rows(); ++r) {
            inverse(r, j) = counts(r, j) > 0.0f ? 1.0f / ++counted : 0.0f;
        }
    }
    return inverse;
}

Matrix sums_of(const Matrix& values, const Matrix& inverse, bool all_count) {
    std::vector<ReplicaRow> rows;
    for (Index r = 0; r < values.rows(); ++r) {
        rows.push_back({values.row(r).data(), inverse.row(r).data()});
    }
    Matrix sums = Matrix::Constant(4, values.cols(), 7.0f);  // what was there must not matter
    sum_replicas(values.cols(), rows, all_count, {&sums(0, 0), &sums(1, 0), &sums(2, 0), &sums(3, 0)});
    return sums;
}

TEST(ReplicaSums, AreTheStatistics) {
    for (const Index columns : {1, 7, 16, 67, 200}) {
        Matrix values = random_matrix(8, columns, Random(1, "replicas"));
        values(3, columns / 2) = 0.0f;
        Matrix counts = random_matrix(8, columns, Random(2, "counts"));
        counts.col(0).setZero();
        const Matrix inverse = weights_of(counts);
        expect_statistics(values, inverse, sums_of(values, inverse, false));
    }
}

TEST(ReplicaSums, AreTheSameBitsWhenAllCount) {
    const Matrix values = random_matrix(5, 83, Random(1, "replicas"));
    const Matrix inverse = weights_of(Matrix::Ones(5, 83));
    EXPECT_EQ(sums_of(values, inverse, true), sums_of(values, inverse, false));
}

}  // namespace
}  // namespace lazynet
