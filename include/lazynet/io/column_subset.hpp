#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lazynet/io/matrix_reader.hpp"

namespace lazynet::io {

/// Some columns of another reader's matrix, in the same order: the genes of a 10x file that also counts guides.
class ColumnSubset : public MatrixReader {
public:
    /// @param keep one flag per column of `whole`
    ColumnSubset(std::unique_ptr<MatrixReader> whole, const std::vector<bool>& keep);
    [[nodiscard]] Index cells() const override { return whole_->cells(); }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return -1; }
    [[nodiscard]] std::string layout() const override { return whole_->layout(); }
    [[nodiscard]] std::string storage() const override { return whole_->storage(); }
    [[nodiscard]] ValueSample sample(Index entries) override;
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override { return whole_->cells_per_read(bytes); }
    void read(Range range, CsrRows& out) override;

private:
    std::unique_ptr<MatrixReader> whole_;
    std::vector<std::int32_t> renumbered_;
    Index genes_ = 0;
};

}  // namespace lazynet::io
