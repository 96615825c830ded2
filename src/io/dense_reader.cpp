#include "lazynet/io/dense_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lazynet/core/error.hpp"
#include "lazynet/kernels/compress.hpp"

namespace lazynet::io {
namespace {

/// Bytes of dense rows that are in memory at a time (one row at least).
constexpr std::size_t kBatchBytes = std::size_t{4} << 20U;

}  // namespace

DenseReader::DenseReader(const std::string& file, hid_t root, const std::string& path) : data_(file, root, path) {
    if (data_.shape().size() != 2) {
        throw UserError(fmt::format("{}: expected a matrix of cells x genes, found {} dimensions", data_.where(),
                                    data_.shape().size()));
    }
    cells_ = static_cast<Index>(data_.shape()[0]);
    genes_ = static_cast<Index>(data_.shape()[1]);
}

Index DenseReader::cells_per_read(std::size_t bytes) const {
    const Index n = cells_within(bytes, kEntryBytes * static_cast<double>(genes_), cells_);
    const Index chunk = data_.chunk_rows();
    return n > chunk ? n / chunk * chunk : n;
}

/// Batches end where chunks do, so that no chunk is unpacked twice.
Index DenseReader::batch_end(Index begin, Index end) const {
    const auto rows =
        static_cast<Index>(kBatchBytes / (static_cast<std::size_t>(std::max<Index>(genes_, 1)) * sizeof(float)));
    const Index limit = begin + std::max<Index>(rows, 1);
    const Index aligned = limit / data_.chunk_rows() * data_.chunk_rows();
    return std::min(aligned > begin ? aligned : limit, end);
}

void DenseReader::read(Range range, CsrRows& out) {
    out.offsets.assign(1, 0);
    std::size_t stored = 0;
    for (Index begin = range.begin; begin < range.end;) {
        const Range rows{begin, batch_end(begin, range.end)};
        batch_.resize(static_cast<std::size_t>(rows.size() * genes_));
        data_.read(rows, batch_);
        for (Index row = 0; row < rows.size(); ++row) {
            const std::size_t room = stored + static_cast<std::size_t>(genes_ + kCompressSlack);
            if (out.genes.size() < room) {
                out.genes.resize(std::max(room, out.genes.size() * 2));
                out.values.resize(out.genes.size());
            }
            stored += compress_row(batch_.data() + row * genes_, genes_, out.genes.data() + stored,
                                   out.values.data() + stored);
            out.offsets.push_back(static_cast<std::int64_t>(stored));
        }
        begin = rows.end;
    }
    out.genes.resize(stored);
    out.values.resize(stored);
}

}  // namespace lazynet::io
