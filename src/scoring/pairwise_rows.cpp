#include "pairwise_rows.hpp"

#include <bit>
#include <cmath>

namespace lazynet::scoring {
namespace {

constexpr double kLogOffset = 0.1;

VectorD row_of(const Matrix& m, Index row) {
    return m.row(row).transpose().cast<double>();
}

/// Negative means count as 0.
VectorD log_of(const VectorD& x) {
    return (x.array().max(0.0) + kLogOffset).log() / std::log(2.0);
}

void prepare(PairwiseRows& rows, ConstMatrixView means, std::span<const Index> context,
             const std::vector<ContextControls>& controls, bool predicted) {
    new (&rows.means) ConstMatrixView(means.data(), means.rows(), means.cols());
    rows.context.assign(context.begin(), context.end());
    rows.change.resize(means.rows(), means.cols());
    rows.log_fold.resize(means.rows(), means.cols());
    VectorD mean;
    for (Index row = 0; row < means.rows(); ++row) {
        const ContextControls& c = controls[static_cast<std::size_t>(context[static_cast<std::size_t>(row)])];
        mean = means.row(row).transpose().cast<double>();
        rows.change.row(row) = (mean - (predicted ? c.predicted_control : c.control)).cast<float>().transpose();
        rows.log_fold.row(row) =
            (log_of(mean) - (predicted ? c.log_predicted_control : c.log_control)).cast<float>().transpose();
    }
}

void measure(PairwiseRows& rows) {
    rows.sum.resize(rows.rows());
    rows.absolute.resize(rows.rows());
    rows.length.resize(rows.rows());
    rows.log_length.resize(rows.rows());
    VectorD values;
    for (Index row = 0; row < rows.rows(); ++row) {
        values = row_of(rows.change, row);
        rows.sum[row] = values.sum();
        rows.absolute[row] = values.cwiseAbs().sum();
        rows.length[row] = values.norm();
        rows.log_length[row] = row_of(rows.log_fold, row).norm();
    }
}

void set_own_apart(PredictedRows& rows) {
    for (Index row = 0; row < rows.rows(); ++row) {
        std::vector<double>& kept = rows.own_change.emplace_back();
        for (const std::int32_t g : rows.own[static_cast<std::size_t>(row)]) {
            kept.push_back(static_cast<double>(rows.change(row, g)));
            rows.change(row, g) = 0.0F;
        }
    }
}

/// Mixes a row's bits, context first, by the SplitMix64 finaliser.
std::uint64_t fingerprint_of(const float* values, Index genes, Index context) {
    std::uint64_t hash = static_cast<std::uint64_t>(context) + 1;
    for (Index g = 0; g < genes; ++g) {
        hash = (hash ^ std::bit_cast<std::uint32_t>(values[g])) * 0xbf58476d1ce4e5b9ULL;
        hash ^= hash >> 31U;
    }
    return hash;
}

}  // namespace

std::vector<ContextControls> controls_of(const eval::TrueProfiles& truth, const eval::PredictedProfiles& predicted) {
    std::vector<ContextControls> all(static_cast<std::size_t>(truth.control.rows()));
    for (Index context = 0; context < truth.control.rows(); ++context) {
        ContextControls& c = all[static_cast<std::size_t>(context)];
        c.control = row_of(truth.control, context);
        c.predicted_control = row_of(predicted.control, context);
        c.log_control = log_of(c.control);
        c.log_predicted_control = log_of(c.predicted_control);
        c.shift = c.predicted_control - c.control;
        c.shift_length = c.shift.norm();
    }
    return all;
}

PairwiseRows prepare_truth(ConstMatrixView means, std::span<const Index> context,
                           const std::vector<ContextControls>& controls) {
    PairwiseRows rows;
    prepare(rows, means, context, controls, false);
    measure(rows);
    rows.along_shift.setZero(rows.rows());
    for (Index row = 0; row < rows.rows(); ++row) {
        const ContextControls& c = controls[static_cast<std::size_t>(context[static_cast<std::size_t>(row)])];
        if (c.shift_length > 0.0) {
            rows.along_shift[row] = row_of(rows.change, row).dot(c.shift);
        }
    }
    return rows;
}

PredictedRows prepare_predicted(ConstMatrixView means, std::span<const Index> context,
                                std::span<const std::vector<std::int32_t>> own,
                                const std::vector<ContextControls>& controls) {
    PredictedRows rows;
    prepare(rows, means, context, controls, true);
    rows.own.assign(own.begin(), own.end());
    set_own_apart(rows);
    measure(rows);
    rows.from_control.resize(rows.rows());
    for (Index row = 0; row < rows.rows(); ++row) {
        const Index where = context[static_cast<std::size_t>(row)];
        const ContextControls& c = controls[static_cast<std::size_t>(where)];
        rows.from_control[row] = (means.row(row).transpose().cast<double>() - c.control).norm();
        rows.fingerprint.push_back(fingerprint_of(rows.mean_of(row), means.cols(), where));
    }
    return rows;
}

}  // namespace lazynet::scoring
