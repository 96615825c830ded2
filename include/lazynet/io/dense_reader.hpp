#pragma once

#include <string>
#include <vector>

#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/io/number_dataset.hpp"

namespace lazynet::io {

/// A 2-D dataset, cells x genes, read in batches of rows along its chunks; zeros are dropped on the way.
class DenseReader : public MatrixReader {
public:
    DenseReader(const std::string& file, hid_t root, const std::string& path);
    [[nodiscard]] Index cells() const override { return cells_; }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return cells_ * genes_; }
    [[nodiscard]] std::string layout() const override { return "dense"; }
    [[nodiscard]] std::string storage() const override { return data_.storage(); }
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override;
    void read(Range range, CsrRows& out) override;

private:
    [[nodiscard]] Index batch_end(Index begin, Index end) const;

    NumberDataset data_;
    Index cells_ = 0;
    Index genes_ = 0;
    std::vector<float> batch_;
};

}  // namespace lazynet::io
