#include "lazynet/model/dynamics.hpp"

#include <algorithm>

#include "lazynet/core/error.hpp"

namespace lazynet {

ParameterVector::ParameterVector(Index size, float factor)
    : values(static_cast<std::size_t>(size), 0.0f),
      gradient(values),
      first(values),
      second(values),
      rate_factor(factor) {}

void ParameterVector::step(const AdamStep& adam, float l2) {
    AdamStep scaled = adam;
    scaled.rate *= rate_factor;
    adam_update(scaled, penalised ? l2 : 0.0f, values, gradient, first, second);
}

void ParameterVector::save(Packer& packer) const {
    packer.number(static_cast<double>(rate_factor));
    for (const auto* array : {&values, &first, &second}) {
        packer.values(*array);
    }
}

void ParameterVector::load(Unpacker& unpacker) {
    const std::size_t size = values.size();
    rate_factor = static_cast<float>(unpacker.number());
    for (auto* array : {&values, &first, &second}) {
        *array = unpacker.values<float>();
        if (array->size() != size) {
            throw InternalError("saved parameters have another length than those they are to become");
        }
    }
    gradient.assign(size, 0.0f);
}

Matrix JacobianFactors::rows(Range targets) const {
    Matrix out = outer.middleRows(targets.begin, targets.size()) * inner;
    for (Index i = targets.begin; i < targets.end; ++i) {
        out(i - targets.begin, i) += diagonal[i];
    }
    return out;
}

std::vector<const Layer*> Dynamics::layers() const {
    const auto mine = const_cast<Dynamics*>(this)->layers();
    return {mine.begin(), mine.end()};
}

std::vector<const ParameterVector*> Dynamics::vectors() const {
    const auto mine = const_cast<Dynamics*>(this)->vectors();
    return {mine.begin(), mine.end()};
}

void Dynamics::save(Packer& packer) const {
    for (const Layer* layer : layers()) {
        layer->save(packer);
    }
    for (const ParameterVector* vector : vectors()) {
        vector->save(packer);
    }
}

void Dynamics::load(Unpacker& unpacker) {
    for (Layer* layer : layers()) {
        layer->load(unpacker);
    }
    for (ParameterVector* vector : vectors()) {
        vector->load(unpacker);
    }
}

std::vector<bool> Dynamics::same_block() const {
    std::vector<bool> possible(static_cast<std::size_t>(shape_.units() * shape_.genes), false);
    for (Index unit = 0; unit < shape_.units(); ++unit) {
        const Range genes = shape_.genes_of(shape_.block_of_unit(unit));
        std::fill_n(possible.begin() + unit * shape_.genes + genes.begin, genes.size(), true);
    }
    return possible;
}

std::vector<LayerRole> Dynamics::sums_and_products() const {
    using enum LayerRole::Place;
    return {{inner, true, 0, shape_.units()}, {inner, false, 0, 0}, {outer, false, 1, -1}, {outer, true, 0, -1}};
}

void fill_columns(const ParameterVector& bias, MatrixView z) {
    z.colwise() = bias.vector();
}

void add_row_sums(ConstMatrixView dz, ParameterVector& bias) {
    bias.slope() += dz.rowwise().sum();
}

}  // namespace lazynet
