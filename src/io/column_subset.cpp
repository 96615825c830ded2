#include "lazynet/io/column_subset.hpp"

namespace lazynet::io {

ColumnSubset::ColumnSubset(std::unique_ptr<MatrixReader> whole, const std::vector<bool>& keep)
    : whole_(std::move(whole)) {
    for (const bool kept : keep) {
        renumbered_.push_back(kept ? static_cast<std::int32_t>(genes_++) : -1);
    }
}

ValueSample ColumnSubset::sample(Index entries) {
    const ValueSample all = whole_->sample(entries);
    ValueSample some;
    for (std::size_t i = 0; i < all.values.size(); ++i) {
        const std::int32_t gene = renumbered_.at(static_cast<std::size_t>(all.genes[i]));
        if (gene >= 0) {
            some.add(all.cells[i], gene, all.values[i]);
        }
    }
    some.looked_at = all.looked_at * static_cast<double>(genes_) / static_cast<double>(renumbered_.size());
    return some;
}

void ColumnSubset::read(Range range, CsrRows& out) {
    whole_->read(range, out);
    std::size_t end = 0;
    std::int64_t from = out.offsets[0];
    for (std::size_t row = 0; row + 1 < out.offsets.size(); ++row) {
        for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(out.offsets[row + 1]); ++i) {
            const std::int32_t gene = renumbered_[static_cast<std::size_t>(out.genes[i])];
            out.genes[end] = gene;
            out.values[end] = out.values[i];
            end += gene >= 0 ? 1 : 0;
        }
        from = out.offsets[row + 1];
        out.offsets[row + 1] = static_cast<std::int64_t>(end);
    }
    out.genes.resize(end);
    out.values.resize(end);
}

}  // namespace lazynet::io
