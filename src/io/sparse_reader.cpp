#include "lazynet/io/sparse_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

/// Entries that a scan of a csc matrix looks at in one go.
constexpr Index kScanSlice = Index{1} << 20;
constexpr Index kSampleSlices = 64;

std::span<const std::int32_t> row_genes(const CsrRows& rows, Index row) {
    const auto r = static_cast<std::size_t>(row);
    return {rows.genes.data() + rows.offsets[r], static_cast<std::size_t>(rows.offsets[r + 1] - rows.offsets[r])};
}

/// Genes ascend strictly. No early exit, so that it becomes vector code.
bool is_sorted(std::span<const std::int32_t> genes) {
    std::int32_t descents = 0;
    for (std::size_t i = 1; i < genes.size(); ++i) {
        descents |= genes[i - 1] >= genes[i] ? 1 : 0;
    }
    return descents == 0;
}

[[noreturn]] void refuse_index(std::int64_t index, Index genes, const std::string& where) {
    throw UserError(fmt::format("{}: index {} in a matrix of {} genes; the file is damaged", where, index, genes));
}

void require_in_range(std::span<const std::int32_t> genes, Index n_genes, const std::string& where) {
    for (const std::int32_t gene : genes) {
        if (gene < 0 || gene >= n_genes) {
            refuse_index(gene, n_genes, where);
        }
    }
}

/// Evenly spaced slices of about `entries` stored entries in all.
std::vector<Range> sample_slices(Index stored, Index entries) {
    std::vector<Range> slices;
    const Index parts = std::clamp<Index>(stored, 1, kSampleSlices);
    for (Index i = 0; i < parts; ++i) {
        const Range part = block_of(stored, parts, i);
        slices.push_back({part.begin, std::min(part.end, part.begin + std::max<Index>(entries / parts, 1))});
    }
    return slices;
}

/// Entries of a sample by (line, index within the line); `add(line, index, value)`.
template <typename Add>
double sample_entries(SparseArrays& arrays, Index entries, double elements, Add add) {
    std::vector<std::int32_t> indices;
    std::vector<float> values;
    Index taken = 0;
    for (const Range slice : sample_slices(arrays.stored(), entries)) {
        indices.resize(static_cast<std::size_t>(slice.size()));
        values.resize(indices.size());
        arrays.indices.read(slice, indices);
        arrays.data.read(slice, values);
        Index line = slice.size() > 0 ? arrays.line_of(slice.begin) : 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            while (arrays.offsets[static_cast<std::size_t>(line) + 1] <= slice.begin + static_cast<Index>(i)) {
                ++line;
            }
            add(line, indices[i], values[i]);
        }
        taken += slice.size();
    }
    return arrays.stored() == 0 ? elements
                                : elements * static_cast<double>(taken) / static_cast<double>(arrays.stored());
}

}  // namespace

void make_canonical(CsrRows& rows, Index genes, const std::string& where) {
    bool all_sorted = true;
    for (Index row = 0; row < rows.rows(); ++row) {
        const auto in_row = row_genes(rows, row);
        if (!is_sorted(in_row)) {
            require_in_range(in_row, genes, where);
            all_sorted = false;
        } else if (!in_row.empty() && (in_row.front() < 0 || in_row.back() >= genes)) {
            refuse_index(in_row.front() < 0 ? in_row.front() : in_row.back(), genes, where);
        }
    }
    if (all_sorted) {
        return;
    }
    std::size_t end = 0;
    std::map<std::int32_t, float> sorted;
    std::int64_t from = rows.offsets[0];
    for (std::size_t row = 0; row + 1 < rows.offsets.size(); ++row) {
        sorted.clear();
        for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(rows.offsets[row + 1]); ++i) {
            sorted[rows.genes[i]] += rows.values[i];
        }
        from = rows.offsets[row + 1];
        for (const auto& [gene, value] : sorted) {
            rows.genes[end] = gene;
            rows.values[end++] = value;
        }
        rows.offsets[row + 1] = static_cast<std::int64_t>(end);
    }
    rows.genes.resize(end);
    rows.values.resize(end);
}

SparseArrays::SparseArrays(const std::string& file, hid_t root, const std::string& group, Index lines,
                           const std::string& shape)
    : indices(file, root, group + "/indices"), data(file, root, group + "/data") {
    NumberDataset indptr(file, root, group + "/indptr");
    if (indptr.size() != lines + 1) {
        throw UserError(fmt::format("{}: {} elements, but a matrix of shape {} needs {}", indptr.where(), indptr.size(),
                                    shape, lines + 1));
    }
    offsets.resize(static_cast<std::size_t>(lines) + 1);
    indptr.read({0, lines + 1}, offsets);
    if (offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end())) {
        throw UserError(indptr.where() + ": does not start at 0 and ascend; the file is damaged");
    }
    for (const NumberDataset* entries : {&indices, &data}) {
        if (entries->size() != offsets.back()) {
            throw UserError(fmt::format("{}: {} elements, but {}/indptr ends at {}; the file is damaged or truncated",
                                        entries->where(), entries->size(), group, offsets.back()));
        }
    }
}

Index SparseArrays::line_of(std::int64_t position) const {
    return std::upper_bound(offsets.begin(), offsets.end(), position) - offsets.begin() - 1;
}

SparseReader::SparseReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes,
                           Index lines, std::string layout)
    : arrays_(file, root, group, lines, fmt::format("{} cells x {} genes", cells, genes)),
      cells_(cells),
      genes_(genes),
      layout_(std::move(layout)) {}

double SparseReader::entries_per_cell() const {
    return std::max(1.0, static_cast<double>(stored()) / static_cast<double>(std::max<Index>(cells(), 1)));
}

CsrReader::CsrReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes,
                     std::string layout)
    : SparseReader(file, root, group, cells, genes, cells, std::move(layout)) {}

ValueSample CsrReader::sample(Index entries) {
    ValueSample sample;
    const double elements = static_cast<double>(cells()) * static_cast<double>(genes());
    sample.looked_at = sample_entries(arrays_, entries, elements, [&](Index cell, Index gene, float value) {
        if (gene < 0 || gene >= genes()) {
            refuse_index(gene, genes(), arrays_.indices.where());
        }
        sample.add(cell, gene, value);
    });
    return sample;
}

Index CsrReader::cells_per_read(std::size_t bytes) const {
    const auto most = static_cast<std::int64_t>(static_cast<double>(bytes) / kEntryBytes);
    const auto largest = [&](Index n) {  // stored entries of the fullest window of n cells
        std::int64_t entries = 0;
        for (Index cell = 0; cell + n <= cells(); ++cell) {
            entries = std::max(entries, arrays_.offsets[static_cast<std::size_t>(cell + n)] -
                                            arrays_.offsets[static_cast<std::size_t>(cell)]);
        }
        return entries;
    };
    Index n = cells_within(bytes, kEntryBytes * entries_per_cell(), cells());
    while (n > 1 && largest(n) > most) {
        n = n * 3 / 4;
    }
    return n;
}

void CsrReader::read(Range range, CsrRows& out) {
    const std::int64_t base = take_offsets(arrays_.offsets, range, out.offsets);
    const Range entries{base, base + out.offsets.back()};
    out.genes.resize(static_cast<std::size_t>(entries.size()));
    out.values.resize(static_cast<std::size_t>(entries.size()));
    arrays_.indices.read(entries, out.genes);
    arrays_.data.read(entries, out.values);
    make_canonical(out, genes(), arrays_.indices.where());
}

CscReader::CscReader(const std::string& file, hid_t root, const std::string& group, Index cells, Index genes)
    : SparseReader(file, root, group, cells, genes, genes, "csc") {}

ValueSample CscReader::sample(Index entries) {
    ValueSample sample;
    const double elements = static_cast<double>(cells()) * static_cast<double>(genes());
    sample.looked_at = sample_entries(arrays_, entries, elements,
                                      [&](Index gene, Index cell, float value) { sample.add(cell, gene, value); });
    return sample;
}

Index CscReader::cells_per_read(std::size_t bytes) const {
    const double entry = 2.0 * kEntryBytes + sizeof(std::int32_t);
    return cells_within(bytes, entry * entries_per_cell(), cells());
}

void CscReader::read(Range range, CsrRows& out) {
    struct Entry {
        std::int32_t row;
        std::int32_t gene;
        float value;
    };
    std::vector<Entry> found;
    found.reserve(static_cast<std::size_t>(static_cast<double>(stored()) * static_cast<double>(range.size()) /
                                           static_cast<double>(std::max<Index>(cells(), 1))));
    out.offsets.assign(static_cast<std::size_t>(range.size()) + 1, 0);
    std::vector<std::int32_t> indices;
    std::vector<float> values;
    Index gene = 0;
    for (Index begin = 0; begin < stored(); begin += kScanSlice) {
        const Range slice{begin, std::min(begin + kScanSlice, stored())};
        indices.resize(static_cast<std::size_t>(slice.size()));
        values.resize(indices.size());
        arrays_.indices.read(slice, indices);
        arrays_.data.read(slice, values);
        for (std::size_t i = 0; i < indices.size(); ++i) {
            while (arrays_.offsets[static_cast<std::size_t>(gene) + 1] <= begin + static_cast<Index>(i)) {
                ++gene;
            }
            if (range.contains(indices[i])) {
                const auto row = static_cast<std::int32_t>(indices[i] - range.begin);
                found.push_back({row, static_cast<std::int32_t>(gene), values[i]});
                ++out.offsets[static_cast<std::size_t>(row) + 1];
            } else if (indices[i] < 0 || indices[i] >= cells()) {
                throw UserError(fmt::format("{}: index {} in a matrix of {} cells; the file is damaged",
                                            arrays_.indices.where(), indices[i], cells()));
            }
        }
    }
    // Genes were met in ascending order, so a counting sort by row leaves each row sorted.
    for (std::size_t row = 1; row < out.offsets.size(); ++row) {
        out.offsets[row] += out.offsets[row - 1];
    }
    std::vector<std::int64_t> next(out.offsets.begin(), out.offsets.end() - 1);
    out.genes.resize(found.size());
    out.values.resize(found.size());
    for (const Entry& entry : found) {
        const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(entry.row)]++);
        out.genes[at] = entry.gene;
        out.values[at] = entry.value;
    }
    make_canonical(out, genes(), arrays_.indices.where());
}

}  // namespace lazynet::io
