#include "cell_batch.hpp"

#include <algorithm>

namespace lazynet::train {

void CellInputs::append(std::int64_t pre, Index pair, RowsBuffer& out) const {
    cells_.table->for_each(
        pre, [&](Index gene, float value) { out.add(gene, value / pairs_.scale[static_cast<std::size_t>(gene)]); });
    if (pair >= 0) {
        const auto p = static_cast<std::size_t>(pair);
        for (auto k = static_cast<std::size_t>(pairs_.offsets[p]); k < static_cast<std::size_t>(pairs_.offsets[p + 1]);
             ++k) {
            out.add(pairs_.columns[k], pairs_.values[k]);
        }
    }
    out.add(static_cast<Index>(pairs_.inputs.size()), 1.0f);
    out.end_row();
}

CellDifferences::CellDifferences(const CellPairs& cells, Range genes)
    : cells_(cells),
      genes_(genes),
      sum_(static_cast<std::size_t>(genes.size()), 0.0f),
      seen_(static_cast<std::size_t>(genes.size()), 0) {}

double CellDifferences::append(std::int64_t post, std::int64_t pre, std::span<const std::int32_t> own,
                               RowsBuffer& out) {
    touched_.clear();
    const auto add = [&](std::int64_t cell, float sign) {
        cells_.table->for_each(cell, genes_, [&](Index gene, float value) {
            const auto i = static_cast<std::size_t>(gene - genes_.begin);
            if (seen_[i] == 0) {
                seen_[i] = 1;
                touched_.push_back(static_cast<std::int32_t>(i));
            }
            sum_[i] += sign * value;
        });
    };
    add(post, 1.0f);
    add(pre, -1.0f);
    double norm = 0.0;
    for (const std::int32_t i : touched_) {
        const auto at = static_cast<std::size_t>(i);
        if (!std::binary_search(own.begin(), own.end(), i)) {
            out.add(i, sum_[at]);
            norm += static_cast<double>(sum_[at]) * static_cast<double>(sum_[at]);
        }
        sum_[at] = 0.0f;
        seen_[at] = 0;
    }
    return norm;
}

void MeanRemover::start(const LazyNet& net, std::span<const std::int32_t> contexts, Matrix& z) {
    base_.noalias() = -cells_.control_mean * net.a.topRows(net.shape.inputs);
    z.resize(static_cast<Index>(contexts.size()), net.shape.hidden());
    for (Index p = 0; p < z.rows(); ++p) {
        z.row(p) = base_.row(contexts[static_cast<std::size_t>(p)]);
    }
}

void MeanRemover::finish(std::span<const std::int32_t> contexts, const Matrix& dz, Matrix& da) const {
    Matrix sums = Matrix::Zero(cells_.control_mean.rows(), dz.cols());
    for (Index p = 0; p < dz.rows(); ++p) {
        sums.row(contexts[static_cast<std::size_t>(p)]) += dz.row(p);
    }
    da.topRows(cells_.control_mean.cols()).noalias() -= cells_.control_mean.transpose() * sums;
}

}  // namespace lazynet::train
