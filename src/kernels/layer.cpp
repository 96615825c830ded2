#include "lazynet/kernels/layer.hpp"

#include <algorithm>
#include <numeric>

#include "few_lanes.hpp"
#include "lazynet/core/error.hpp"
#include "sparse_layer.hpp"

namespace lazynet {
namespace {

/// Lanes that wait for their outer product. The rows they lie in are a little longer, so that equal columns of many
/// rows do not fall into the same few lines of the cache.
constexpr Index kWaitingLanes = 128;
constexpr Index kWaitingStride = kWaitingLanes + 4;

void append_columns(ConstMatrixView from, Index at, Matrix& to) {
    const Index lanes = from.cols();
    for (Index i = 0; i < from.rows(); ++i) {
        std::copy_n(from.data() + i * lanes, lanes, to.data() + i * to.cols() + at);
    }
}

}  // namespace

Layer::Layer(Index inputs, Index outputs)
    : inputs_(inputs),
      outputs_(outputs),
      possible_(inputs * outputs),
      remaining_(possible_),
      values_(static_cast<std::size_t>(possible_), 0.0f),
      gradient_(values_),
      first_(values_),
      second_(values_) {
    refresh();
}

Layer::Layer(Index inputs, Index outputs, const std::vector<bool>& possible) : Layer(inputs, outputs) {
    std::vector<std::int64_t> impossible;
    for (std::size_t k = 0; k < possible.size(); ++k) {
        if (!possible[k]) {
            impossible.push_back(static_cast<std::int64_t>(k));
        }
    }
    prune(impossible);
    possible_ = remaining_;
}

void Layer::forward(ConstMatrixView x, MatrixView z) const {
    if (sparse_) {
        grouped_times({by_output_, input_of_, values_by_output_}, x, z);
    } else if (x.cols() <= kFewLanes) {
        few_lanes_forward({values_.data(), inputs_, outputs_}, x, z);
    } else {
        z.noalias() += ConstMatrixView(values_.data(), inputs_, outputs_).transpose() * x;
    }
}

void Layer::backward_inputs(ConstMatrixView dz, MatrixView dx) const {
    if (sparse_) {
        grouped_times({by_input_, output_of_, values_}, dz, dx);
    } else if (dz.cols() <= kFewLanes) {
        few_lanes_forward(cview(transposed_), dz, dx);
    } else {
        dx.noalias() += ConstMatrixView(values_.data(), inputs_, outputs_) * dz;
    }
}

void Layer::backward_weights(ConstMatrixView x, ConstMatrixView dz) {
    if (sparse_) {
        grouped_dots({by_input_, output_of_, values_}, x, dz, gradient_);
    } else if (x.cols() <= kFewLanes) {
        if (waiting_x_.size() == 0) {
            waiting_x_.resize(inputs_, kWaitingStride);
            waiting_dz_.resize(outputs_, kWaitingStride);
        }
        append_columns(x, waiting_, waiting_x_);
        append_columns(dz, waiting_, waiting_dz_);
        waiting_ += x.cols();
        if (waiting_ + kFewLanes > kWaitingLanes) {
            flush();
        }
    } else {
        MatrixView(gradient_.data(), inputs_, outputs_).noalias() += x * dz.transpose();
    }
}

void Layer::flush() {
    if (waiting_ > 0) {
        MatrixView(gradient_.data(), inputs_, outputs_).noalias() +=
            waiting_x_.leftCols(waiting_) * waiting_dz_.leftCols(waiting_).transpose();
        waiting_ = 0;
    }
}

void Layer::step(const AdamStep& adam, float l2) {
    flush();
    for (std::size_t k = 0; k < mask_.size(); ++k) {
        gradient_[k] *= mask_[k];
    }
    AdamStep own = adam;
    own.rate *= rate_factor_;
    adam_update(own, l2, values_, gradient_, first_, second_);
    refresh();
}

void Layer::assign(std::span<const float> values) {
    std::copy(values.begin(), values.end(), values_.begin());
    for (std::size_t k = 0; k < mask_.size(); ++k) {
        values_[k] *= mask_[k];
    }
    refresh();
}

Matrix Layer::dense() const {
    Matrix all = Matrix::Zero(inputs_, outputs_);
    for (std::size_t k = 0; k < values_.size(); ++k) {
        all.data()[position(k)] = values_[k];
    }
    return all;
}

Matrix Layer::kept() const {
    Matrix all = Matrix::Zero(inputs_, outputs_);
    for (std::size_t k = 0; k < values_.size(); ++k) {
        all.data()[position(k)] = is_kept(k) ? 1.0f : 0.0f;
    }
    return all;
}

void Layer::prune(std::span<const std::int64_t> entries) {
    flush();
    if (mask_.empty()) {
        mask_.assign(values_.size(), 1.0f);
    }
    for (const std::int64_t e : entries) {
        const auto k = static_cast<std::size_t>(e);
        mask_[k] = values_[k] = first_[k] = second_[k] = gradient_[k] = 0.0f;
    }
    remaining_ = std::count(mask_.begin(), mask_.end(), 1.0f);
    if (sparse_ || static_cast<double>(remaining_) < kSparseBelow * static_cast<double>(inputs_ * outputs_)) {
        make_sparse();
    }
    refresh();
}

void Layer::save(Packer& packer) const {
    for (const Index number : {inputs_, outputs_, possible_, remaining_, Index{sparse_ ? 1 : 0}}) {
        packer.index(number);
    }
    packer.number(static_cast<double>(rate_factor_));
    for (const auto* array : {&values_, &first_, &second_, &mask_}) {
        packer.values(*array);
    }
    packer.values(positions_);
}

void Layer::load(Unpacker& unpacker) {
    const Index inputs = unpacker.index();
    if (const Index outputs = unpacker.index(); inputs != inputs_ || outputs != outputs_) {
        throw InternalError("a saved layer has another shape than the one it is to become");
    }
    possible_ = unpacker.index();
    remaining_ = unpacker.index();
    sparse_ = unpacker.index() != 0;
    rate_factor_ = static_cast<float>(unpacker.number());
    for (auto* array : {&values_, &first_, &second_, &mask_}) {
        *array = unpacker.values<float>();
    }
    positions_ = unpacker.values<std::int64_t>();
    gradient_.assign(values_.size(), 0.0f);
    waiting_ = 0;
    if (sparse_) {
        free_dense();
        index_entries();
    }
    refresh();
}

/// What a sparse layer has no use for.
void Layer::free_dense() {
    for (Matrix* dense_only : {&transposed_, &waiting_x_, &waiting_dz_}) {
        dense_only->resize(0, 0);
    }
}

void Layer::make_sparse() {
    std::vector<std::int64_t> positions;
    for (std::size_t k = 0; k < values_.size(); ++k) {
        if (is_kept(k)) {
            const std::size_t to = positions.size();
            positions.push_back(position(k));
            values_[to] = values_[k];
            gradient_[to] = gradient_[k];
            first_[to] = first_[k];
            second_[to] = second_[k];
        }
    }
    for (auto* array : {&values_, &gradient_, &first_, &second_}) {
        array->resize(positions.size());
    }
    positions_ = std::move(positions);
    mask_.clear();
    free_dense();
    sparse_ = true;
    index_entries();
}

void Layer::index_entries() {
    const std::size_t n = positions_.size();
    by_input_.assign(static_cast<std::size_t>(inputs_) + 1, 0);
    by_output_.assign(static_cast<std::size_t>(outputs_) + 1, 0);
    output_of_.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
        output_of_[k] = static_cast<std::int32_t>(positions_[k] % outputs_);
        ++by_input_[static_cast<std::size_t>(positions_[k] / outputs_) + 1];
        ++by_output_[static_cast<std::size_t>(output_of_[k]) + 1];
    }
    std::partial_sum(by_input_.begin(), by_input_.end(), by_input_.begin());
    std::partial_sum(by_output_.begin(), by_output_.end(), by_output_.begin());
    input_of_.resize(n);
    entry_of_.resize(n);
    values_by_output_.resize(n);
    auto next = by_output_;
    for (std::size_t k = 0; k < n; ++k) {
        const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(output_of_[k])]++);
        input_of_[to] = static_cast<std::int32_t>(positions_[k] / outputs_);
        entry_of_[to] = static_cast<std::int64_t>(k);
    }
}

void Layer::refresh() {
    if (sparse_) {
        for (std::size_t k = 0; k < entry_of_.size(); ++k) {
            values_by_output_[k] = values_[static_cast<std::size_t>(entry_of_[k])];
        }
    } else {
        transposed_ = ConstMatrixView(values_.data(), inputs_, outputs_).transpose();
    }
}

}  // namespace lazynet
