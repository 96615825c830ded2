#include "lazynet/train/cell_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "lazynet/core/error.hpp"
#include "lazynet/kernels/moments.hpp"

namespace lazynet::train {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::size_t kScanBytes = std::size_t{1} << 28;

bool scans_whole_file(const std::string& layout) {
    return layout == "csc" || layout == "10x mtx" || layout == "csv";
}

/// True when every column is the gene of the same number, so there is nothing to translate.
/// The order of the genes must be that of the columns: rows stay sorted then.
bool is_identity(const Screen& screen) {
    std::int32_t expected = 0;
    bool all = true;
    for (const std::int32_t gene : screen.gene_of_column) {
        all = all && gene >= 0;
        if (gene >= 0 && gene != expected++) {
            throw InternalError("the screen's genes are not in the order of the file's columns");
        }
    }
    return all;
}

std::string flaw_of(float value, Normalization normalization) {
    if (!std::isfinite(value)) {
        return "is not a finite number; correct the file, or choose another matrix with --layer";
    }
    if (normalization == Normalization::none) {
        return fmt::format("is too large to be used as it is (at most {}); scale the values", kLargestPlainValue);
    }
    if (value < 0) {
        return "is negative, so the matrix holds neither counts nor log1p values (scaled data?); choose the matrix "
               "that does with --layer, or give --normalization none to use the values as they are";
    }
    if (normalization == Normalization::counts) {
        return "is not a whole number, but the matrix was taken for raw counts; give --normalization log1p if it is "
               "log-normalised, or choose another matrix with --layer";
    }
    return fmt::format(
        "is too large for log1p data (at most {}); give --normalization counts if these are counts, or "
        "choose another matrix with --layer",
        kLargestLogValue);
}

}  // namespace

CellStream::CellStream(io::MatrixReader& reader, const Screen& screen, Normalization normalization, Range cells)
    : reader_(reader),
      screen_(screen),
      normalization_(normalization),
      todo_(cells),
      step_(reader.cells_per_read(scans_whole_file(reader.layout()) ? kScanBytes : kBatchBytes)),
      all_genes_(is_identity(screen)) {
    if (static_cast<Index>(screen.cell_condition.size()) != reader.cells() ||
        static_cast<Index>(screen.gene_of_column.size()) != reader.genes()) {
        throw InternalError("the screen describes another matrix than the reader's");
    }
    rows_.offsets.assign(1, 0);
}

bool CellStream::next() {
    if (todo_.size() == 0) {
        return false;
    }
    const Range range{todo_.begin, std::min(todo_.begin + step_, todo_.end)};
    todo_.begin = range.end;
    reader_.read(range, rows_);
    keep_conditions(range);
    check();
    if (!all_genes_) {
        keep_genes();
    }
    return true;
}

CellStream::Cell CellStream::cell(Index i) const {
    const auto row = static_cast<std::size_t>(i);
    const auto begin = static_cast<std::size_t>(rows_.offsets[row]);
    const auto n = static_cast<std::size_t>(rows_.offsets[row + 1]) - begin;
    return {kept_[row], screen_.cell_condition[static_cast<std::size_t>(kept_[row])], scales_[row],
            std::span(rows_.genes).subspan(begin, n), std::span(rows_.values).subspan(begin, n)};
}

/// Closes the gaps that cells without a condition leave.
void CellStream::keep_conditions(Range range) {
    kept_.clear();
    std::int64_t end = 0;
    for (Index i = 0; i < range.size(); ++i) {
        if (screen_.cell_condition[static_cast<std::size_t>(range.begin + i)] < 0) {
            continue;
        }
        const std::int64_t first = rows_.offsets[static_cast<std::size_t>(i)];
        const std::int64_t last = rows_.offsets[static_cast<std::size_t>(i) + 1];
        if (first != end) {
            std::copy(rows_.genes.begin() + first, rows_.genes.begin() + last, rows_.genes.begin() + end);
            std::copy(rows_.values.begin() + first, rows_.values.begin() + last, rows_.values.begin() + end);
        }
        end += last - first;
        kept_.push_back(range.begin + i);
        rows_.offsets[kept_.size()] = end;  // not past i + 1, which has been used
    }
    rows_.offsets.resize(kept_.size() + 1);
}

void CellStream::check() {
    const std::span<const float> values(rows_.values.data(), static_cast<std::size_t>(stored()));
    scales_.resize(kept_.size());
    Index bad = check_rows(rows_.offsets, values, normalization_, scales_);
    if (bad < 0 && normalization_ == Normalization::log1p && !values.empty() &&
        ConstVectorView(values.data(), stored()).maxCoeff() > kLargestLogValue) {
        bad = std::find_if(values.begin(), values.end(), [](float v) { return v > kLargestLogValue; }) - values.begin();
    }
    if (bad >= 0) {
        refuse(bad);
    }
}

void CellStream::keep_genes() {
    std::size_t end = 0;
    for (std::size_t row = 0; row < kept_.size(); ++row) {
        const auto first = static_cast<std::size_t>(rows_.offsets[row]);
        const auto last = static_cast<std::size_t>(rows_.offsets[row + 1]);
        rows_.offsets[row] = static_cast<std::int64_t>(end);
        for (std::size_t i = first; i < last; ++i) {
            const std::int32_t gene = screen_.gene_of_column[static_cast<std::size_t>(rows_.genes[i])];
            rows_.genes[end] = gene;  // overwritten by the next one if this gene is dropped
            rows_.values[end] = rows_.values[i];
            end += gene >= 0 ? 1 : 0;
        }
    }
    rows_.offsets.back() = static_cast<std::int64_t>(end);
}

void CellStream::refuse(Index position) const {
    const auto row = std::upper_bound(rows_.offsets.begin(), rows_.offsets.end(), position) - rows_.offsets.begin() - 1;
    const std::int32_t column = rows_.genes[static_cast<std::size_t>(position)];
    const std::int32_t gene = screen_.gene_of_column[static_cast<std::size_t>(column)];
    const std::string name = gene < 0 ? fmt::format("column {}", column)
                                      : fmt::format("gene {}", screen_.genes[static_cast<std::size_t>(gene)]);
    const float value = rows_.values[static_cast<std::size_t>(position)];
    throw UserError(fmt::format("{}: cell {} (counted from 0), {}: value {} {}", screen_.where(),
                                kept_[static_cast<std::size_t>(row)], name, value, flaw_of(value, normalization_)));
}

}  // namespace lazynet::train
