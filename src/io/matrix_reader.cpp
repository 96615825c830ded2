#include "lazynet/io/matrix_reader.hpp"

#include <algorithm>

namespace lazynet::io {

Index cells_within(std::size_t bytes, double bytes_per_cell, Index cells) {
    const double n = static_cast<double>(bytes) / std::max(bytes_per_cell, 1.0);
    return static_cast<Index>(std::clamp(n, 1.0, static_cast<double>(std::max<Index>(cells, 1))));
}

std::int64_t take_offsets(std::span<const std::int64_t> offsets, Range rows, std::vector<std::int64_t>& out) {
    const auto taken = offsets.subspan(static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.size()) + 1);
    out.assign(taken.begin(), taken.end());
    for (std::int64_t& offset : out) {
        offset -= taken.front();
    }
    return taken.front();
}

ValueSample MatrixReader::sample(Index entries) {
    ValueSample sample;
    CsrRows row;
    const Index rows = std::clamp<Index>(entries / std::max<Index>(genes(), 1), std::min<Index>(32, cells()), cells());
    for (Index i = 0; i < rows; ++i) {
        const Index cell = block_of(cells(), rows, i).begin;
        read({cell, cell + 1}, row);
        for (std::size_t k = 0; k < row.values.size(); ++k) {
            sample.add(cell, row.genes[k], row.values[k]);
        }
        sample.looked_at += static_cast<double>(genes());
    }
    return sample;
}

}  // namespace lazynet::io
