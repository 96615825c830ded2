#include "lazynet/io/value_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lazynet::io {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 20U;

void add_rows(const CsrRows& rows, ValueScan& scan) {
    for (Index row = 0; row < rows.rows(); ++row) {
        const auto r = static_cast<std::size_t>(row);
        const auto begin = rows.values.begin() + rows.offsets[r];
        const auto end = rows.values.begin() + rows.offsets[r + 1];
        const auto nonzero = (end - begin) - std::count(begin, end, 0.0F);
        scan.nonzero += nonzero;
        scan.empty_cells += nonzero == 0 ? 1 : 0;
        scan.sum += std::accumulate(begin, end, 0.0);
        scan.largest = begin == end ? scan.largest : std::max(scan.largest, *std::max_element(begin, end));
    }
}

}  // namespace

ValueScan scan_values(MatrixReader& reader, Normalization kind, const std::string& file, const std::string& matrix,
                      const std::vector<std::string>& genes) {
    ValueScan scan;
    CsrRows rows;
    const Index step = reader.cells_per_read(kPieceBytes);
    for (Index begin = 0; begin < reader.cells() && scan.problem.empty(); begin += step) {
        reader.read({begin, std::min(begin + step, reader.cells())}, rows);
        add_rows(rows, scan);
        const Index bad = normalize_rows(rows.offsets, rows.values, kind);
        if (bad >= 0) {
            const Index row =
                std::upper_bound(rows.offsets.begin(), rows.offsets.end(), bad) - rows.offsets.begin() - 1;
            const auto at = static_cast<std::size_t>(bad);
            scan.problem = bad_value_text(file, matrix, begin + row, genes.at(static_cast<std::size_t>(rows.genes[at])),
                                          rows.values[at], kind);
        }
    }
    return scan;
}

}  // namespace lazynet::io
