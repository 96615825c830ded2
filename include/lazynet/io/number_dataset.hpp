#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lazynet/io/h5.hpp"

namespace lazynet::io {

/// A dataset of numbers (1-D or 2-D), open for streaming: its chunk cache holds what neighbouring reads share, its
/// filters are known to be available, and every error names file and dataset.
class NumberDataset {
public:
    /// @param file for messages  @param parent file or group  @param path from parent, as shown in messages
    /// @throws UserError: absent, not numbers, or an unknown filter
    NumberDataset(const std::string& file, hid_t parent, const std::string& path);

    [[nodiscard]] const std::vector<hsize_t>& shape() const { return shape_; }
    /// Elements of a 1-D dataset. @throws UserError if it has another rank
    [[nodiscard]] Index size() const;
    /// Rows of a chunk; 1 when the dataset is not chunked.
    [[nodiscard]] Index chunk_rows() const { return chunk_rows_; }
    /// "float64, gzip".
    [[nodiscard]] const std::string& storage() const { return storage_; }
    /// "file: dataset", for messages.
    [[nodiscard]] const std::string& where() const { return where_; }

    /// Elements (1-D) or whole rows (2-D) of `range`, converted.
    void read(Range range, std::span<float> out);
    void read(Range range, std::span<std::int32_t> out) const;
    void read(Range range, std::span<std::int64_t> out) const;

private:
    void read_as(hid_t type, Range range, void* out) const;
    void note_file();
    void require_whole_file() const;
    [[nodiscard]] Index row_length() const;

    std::string where_;
    Handle dataset_;
    std::vector<hsize_t> shape_;
    Index chunk_rows_ = 1;
    std::string storage_;
    bool is_double_ = false;
    int descriptor_ = -1;       ///< HDF5's own, of the open file
    hsize_t bytes_ = 0;         ///< of the file when it was opened
    std::vector<double> wide_;  ///< float64 elements on their way to float32
};

}  // namespace lazynet::io
