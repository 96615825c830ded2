#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace lazynet {

using Index = Eigen::Index;

/// Row-major float32: a row is one cell, one condition, one hidden unit or one target gene.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::Matrix<float, Eigen::Dynamic, 1>;
using MatrixView = Eigen::Map<Matrix>;
using ConstMatrixView = Eigen::Map<const Matrix>;
using VectorView = Eigen::Map<Vector>;
using ConstVectorView = Eigen::Map<const Vector>;

/// Views of whole matrices, for kernels.
[[nodiscard]] inline MatrixView view(Matrix& m) {
    return {m.data(), m.rows(), m.cols()};
}
[[nodiscard]] inline ConstMatrixView cview(const Matrix& m) {
    return {m.data(), m.rows(), m.cols()};
}
[[nodiscard]] inline ConstVectorView cview(const Vector& v) {
    return {v.data(), v.size()};
}

/// float64 where sums are long.
using MatrixD = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using VectorD = Eigen::Matrix<double, Eigen::Dynamic, 1>;

/// Half-open interval [begin, end) of cell, gene, replica or shard indices.
struct Range {
    Index begin = 0;
    Index end = 0;
    [[nodiscard]] constexpr Index size() const { return end - begin; }
    [[nodiscard]] constexpr bool contains(Index i) const { return begin <= i && i < end; }
    friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// The part of [0, total) that part `i` of `parts` owns; the first `total % parts` are one longer.
[[nodiscard]] constexpr Range block_of(Index total, Index parts, Index i) {
    const Index base = total / parts;
    const Index extra = total % parts;
    const Index begin = i * base + (i < extra ? i : extra);
    return {begin, begin + base + (i < extra ? 1 : 0)};
}

/// Which part of block_of(total, parts, .) holds element `i`.
[[nodiscard]] constexpr Index part_of(Index total, Index parts, Index i) {
    const Index base = total / parts;
    const Index extra = total % parts;
    const Index long_end = extra * (base + 1);
    return i < long_end ? i / (base + 1) : extra + (i - long_end) / base;
}

}  // namespace lazynet
