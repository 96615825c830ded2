#pragma once

#include <string>
#include <vector>

#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {

/// A Matrix Market file of genes x cells (10x `matrix.mtx[.gz]`), one entry per line.
///
/// Opening it is one pass, which counts the entries of each cell and checks every line. Files that list the entries
/// cell by cell (10x does) are then read forward, so ascending ranges cost one pass in all; others cost one each.
class MtxReader : public MatrixReader {
public:
    explicit MtxReader(const std::string& path);
    [[nodiscard]] Index cells() const override { return static_cast<Index>(offsets_.size()) - 1; }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return offsets_.back(); }
    [[nodiscard]] std::string layout() const override { return "10x mtx"; }
    [[nodiscard]] std::string storage() const override { return "text"; }
    [[nodiscard]] ValueSample sample(Index entries) override;
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override;
    void read(Range range, CsrRows& out) override;

private:
    struct Entry {
        Index gene = 0;
        Index cell = 0;
        float value = 0;
    };
    void read_header();
    void scan();
    bool next(Entry& entry);
    [[noreturn]] void refuse_line(std::string_view line) const;

    TextFile file_;
    Index genes_ = 0;
    Index declared_ = 0;
    std::vector<std::int64_t> offsets_;  ///< stored entries before each cell
    bool by_cell_ = true;
    Index position_ = 0;  ///< entries read since the header
    ValueSample sample_;
};

}  // namespace lazynet::io
