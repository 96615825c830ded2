#include "lazynet/kernels/distances.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "lanes.hpp"

namespace lazynet {
namespace {

using lanes::kWidth;
using lanes::load;
using lanes::Vec;

/// Rows of each side whose sums stay in registers.
#if defined(__AVX512F__)
constexpr std::size_t kTile = 4;
#else
constexpr std::size_t kTile = 2;
#endif

double sum_of_lanes(const Vec& sums) {
    double sum = 0;
    for (int lane = 0; lane < kWidth; ++lane) {
        sum += static_cast<double>(sums[lane]);
    }
    return sum;
}

/// Sums of max(a, b) of Rows x Columns pairs of rows over a stretch of genes, added to `out`.
template <std::size_t Rows, std::size_t Columns>
void add_maxima(const float* a, const float* b, std::size_t stride, std::size_t genes, double* out,
                std::size_t out_stride) {
    std::array<std::array<Vec, Columns>, Rows> sums{};
    const std::size_t whole = genes - genes % kWidth;
    for (std::size_t g = 0; g < whole; g += kWidth) {
        std::array<Vec, Columns> of_b;
        for (std::size_t j = 0; j < Columns; ++j) {
            of_b[j] = load(b + j * stride + g);
        }
        for (std::size_t i = 0; i < Rows; ++i) {
            const Vec of_a = load(a + i * stride + g);
            for (std::size_t j = 0; j < Columns; ++j) {
                sums[i][j] += of_a > of_b[j] ? of_a : of_b[j];
            }
        }
    }
    for (std::size_t i = 0; i < Rows; ++i) {
        for (std::size_t j = 0; j < Columns; ++j) {
            double sum = sum_of_lanes(sums[i][j]);
            for (std::size_t g = whole; g < genes; ++g) {
                sum += static_cast<double>(std::max(a[i * stride + g], b[j * stride + g]));
            }
            out[i * out_stride + j] += sum;
        }
    }
}

void add_all_maxima(ConstMatrixView a, ConstMatrixView b, Index first, Index genes, MatrixD& out) {
    const auto stride = static_cast<std::size_t>(a.cols());
    const auto rows = static_cast<std::size_t>(a.rows());
    const auto columns = static_cast<std::size_t>(b.rows());
    const auto one = [&](std::size_t i, std::size_t j, auto kernel) {
        kernel(a.data() + i * stride + first, b.data() + j * stride + first, stride, static_cast<std::size_t>(genes),
               out.data() + i * columns + j, columns);
    };
    const std::size_t tiled_rows = rows - rows % kTile;
    const std::size_t tiled_columns = columns - columns % kTile;
    for (std::size_t i = 0; i < rows; i += i < tiled_rows ? kTile : 1) {
        for (std::size_t j = 0; j < columns; j += j < tiled_columns ? kTile : 1) {
            if (i < tiled_rows && j < tiled_columns) {
                one(i, j, add_maxima<kTile, kTile>);
            } else if (i < tiled_rows) {
                one(i, j, add_maxima<kTile, 1>);
            } else if (j < tiled_columns) {
                one(i, j, add_maxima<1, kTile>);
            } else {
                one(i, j, add_maxima<1, 1>);
            }
        }
    }
}

/// Adds up terms of two rows in float64, in lanes that do not depend on anything.
template <typename Term>
double sum_of(const float* a, const float* b, Index genes, const Term& term) {
    constexpr Index kLanes = 16;
    std::array<double, kLanes> sums{};
    Index g = 0;
    for (; g + kLanes <= genes; g += kLanes) {
        for (Index lane = 0; lane < kLanes; ++lane) {
            sums[static_cast<std::size_t>(lane)] +=
                term(static_cast<double>(a[g + lane]), static_cast<double>(b[g + lane]));
        }
    }
    double sum = 0;
    for (const double lane : sums) {
        sum += lane;
    }
    for (; g < genes; ++g) {
        sum += term(static_cast<double>(a[g]), static_cast<double>(b[g]));
    }
    return sum;
}

}  // namespace

void row_products(ConstMatrixView a, ConstMatrixView b, MatrixD& out) {
    out.setZero(a.rows(), b.rows());
    Matrix part;
    for (Index first = 0; first < a.cols(); first += kProductGenes) {
        const Index genes = std::min(kProductGenes, a.cols() - first);
        part.noalias() = a.middleCols(first, genes) * b.middleCols(first, genes).transpose();
        out += part.cast<double>();
    }
}

void row_absolute_distances(ConstMatrixView a, const VectorD& sum_a, ConstMatrixView b, const VectorD& sum_b,
                            MatrixD& out) {
    out.setZero(a.rows(), b.rows());
    for (Index first = 0; first < a.cols(); first += kMaximaGenes) {
        add_all_maxima(a, b, first, std::min(kMaximaGenes, a.cols() - first), out);
    }
    out *= 2.0;
    out.colwise() -= sum_a;
    out.rowwise() -= sum_b.transpose();
}

double dot_product(const float* a, const float* b, Index genes) {
    return sum_of(a, b, genes, [](double x, double y) { return x * y; });
}

double squared_distance(const float* a, const float* b, Index genes) {
    return sum_of(a, b, genes, [](double x, double y) { return (x - y) * (x - y); });
}

double absolute_distance(const float* a, const float* b, Index genes) {
    return sum_of(a, b, genes, [](double x, double y) { return std::abs(x - y); });
}

}  // namespace lazynet
