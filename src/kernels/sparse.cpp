#include "lazynet/kernels/sparse.hpp"

#include <algorithm>

namespace lazynet {
namespace {

/// y[0..n) += a * x[0..n)
inline void add_scaled(float a, const float* __restrict x, float* __restrict y, Index n) {
    for (Index h = 0; h < n; ++h) {
        y[h] += a * x[h];
    }
}

/// Width of a strip of hidden units that stays in registers: four AVX-512 or eight AVX2 registers.
constexpr Index kStrip = 64;

/// out[0..width) += sum over entries k of values[k] * dense row row[k], starting at column `first` of dense.
template <Index width>
inline void gather_strip(std::span<const std::int32_t> row, std::span<const float> values,
                         const float* __restrict dense, Index stride, float* __restrict out) {
    Eigen::Array<float, width, 1> sum = Eigen::Map<const Eigen::Array<float, width, 1>>(out);
    for (std::size_t k = 0; k < row.size(); ++k) {
        sum += values[k] * Eigen::Map<const Eigen::Array<float, width, 1>>(dense + row[k] * stride);
    }
    Eigen::Map<Eigen::Array<float, width, 1>>(out).operator=(sum);
}

/// out[0..n) += sum over entries of values[k] * dense row row[k].
inline void gather(std::span<const std::int32_t> row, std::span<const float> values, const float* dense, Index stride,
                   float* out, Index n) {
    Index h = 0;
    for (; h + kStrip <= n; h += kStrip) {
        gather_strip<kStrip>(row, values, dense + h, stride, out + h);
    }
    for (; h + 16 <= n; h += 16) {
        gather_strip<16>(row, values, dense + h, stride, out + h);
    }
    for (std::size_t k = 0; h < n && k < row.size(); ++k) {
        add_scaled(values[k], dense + row[k] * stride + h, out + h, n - h);
    }
}

}  // namespace

void SparseBatch::assign(const SparseRows& rows, Index columns) {
    rows_ = rows.rows();
    offsets_.assign(static_cast<std::size_t>(columns) + 1, 0);
    for (const std::int32_t c : rows.columns) {
        ++offsets_[static_cast<std::size_t>(c) + 1];
    }
    for (std::size_t c = 1; c < offsets_.size(); ++c) {
        offsets_[c] += offsets_[c - 1];
    }
    cursor_.assign(offsets_.begin(), offsets_.end() - 1);
    row_.resize(rows.columns.size());
    values_.resize(rows.values.size());
    for (Index p = 0; p < rows_; ++p) {
        const auto end = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p) + 1]);
        for (auto k = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p)]); k < end; ++k) {
            const auto at = static_cast<std::size_t>(cursor_[static_cast<std::size_t>(rows.columns[k])]++);
            row_[at] = static_cast<std::int32_t>(p);
            values_[at] = rows.values[k];
        }
    }
}

void SparseBatch::times(ConstMatrixView dense, MatrixView out) const {
    const Index width = out.cols();
    for (Index c = 0; c < columns(); ++c) {
        const float* weights = dense.data() + c * width;
        for (auto k = offsets_[static_cast<std::size_t>(c)]; k < offsets_[static_cast<std::size_t>(c) + 1]; ++k) {
            const auto entry = static_cast<std::size_t>(k);
            add_scaled(values_[entry], weights, out.data() + row_[entry] * width, width);
        }
    }
}

void SparseBatch::transposed_times(ConstMatrixView dense, MatrixView out) const {
    const Index width = out.cols();
    for (Index c = 0; c < columns(); ++c) {
        const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(c)]);
        const auto count = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(c) + 1]) - begin;
        gather(std::span(row_).subspan(begin, count), std::span(values_).subspan(begin, count), dense.data(), width,
               out.data() + c * width, width);
    }
}

void sparse_times(const SparseRows& rows, ConstMatrixView dense, MatrixView out) {
    const Index width = out.cols();
    for (Index p = 0; p < rows.rows(); ++p) {
        const auto begin = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p)]);
        const auto count = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p) + 1]) - begin;
        gather(rows.columns.subspan(begin, count), rows.values.subspan(begin, count), dense.data(), width,
               out.data() + p * width, width);
    }
}

void sparse_transposed_times(const SparseRows& rows, ConstMatrixView dense, MatrixView out) {
    const Index width = out.cols();
    for (Index p = 0; p < rows.rows(); ++p) {
        const auto end = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p) + 1]);
        for (auto k = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(p)]); k < end; ++k) {
            add_scaled(rows.values[k], dense.data() + p * width, out.data() + rows.columns[k] * width, width);
        }
    }
}

}  // namespace lazynet
