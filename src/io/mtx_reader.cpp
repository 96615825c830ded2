#include "lazynet/io/mtx_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lazynet/core/error.hpp"
#include "lazynet/io/sparse_reader.hpp"

namespace lazynet::io {
namespace {

/// Entries kept for sample(), evenly spaced over the file.
constexpr Index kSampled = Index{1} << 16;

/// Reads up to three numbers; returns how many there were.
int parse_triple(std::string_view line, double* numbers) {
    const char* at = line.data();
    const char* const end = line.data() + line.size();
    for (int n = 0; n < 3; ++n) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            ++at;
        }
        const auto [next, error] = std::from_chars(at, end, numbers[n]);
        if (error != std::errc()) {
            return n;
        }
        at = next;
    }
    return 3;
}

}  // namespace

MtxReader::MtxReader(const std::string& path) : file_(path) {
    read_header();
    scan();
}

void MtxReader::refuse_line(std::string_view line) const {
    throw UserError(fmt::format("{}: line {}: expected 'gene cell value' within {} x {}, found '{}'", file_.path(),
                                file_.line_number(), genes_, cells(), line.substr(0, 60)));
}

void MtxReader::read_header() {
    file_.rewind();
    position_ = 0;
    std::string_view line;
    const bool is_mtx = file_.next(line) && line.rfind("%%MatrixMarket matrix coordinate", 0) == 0 &&
                        line.find("symmetric") == std::string_view::npos &&
                        line.find("complex") == std::string_view::npos;
    if (!is_mtx) {
        throw UserError(
            file_.path() +
            ": not a Matrix Market file ('%%MatrixMarket matrix coordinate integer|real general' expected)");
    }
    while (file_.next(line) && (line.empty() || line.front() == '%')) {
    }
    double shape[3];
    if (parse_triple(line, shape) != 3) {
        throw UserError(fmt::format("{}: line {}: expected 'genes cells entries', found '{}'", file_.path(),
                                    file_.line_number(), line));
    }
    genes_ = static_cast<Index>(shape[0]);
    offsets_.resize(static_cast<std::size_t>(shape[1]) + 1);  // the first time; it is full when a read starts over
    declared_ = static_cast<Index>(shape[2]);
}

bool MtxReader::next(Entry& entry) {
    std::string_view line;
    double numbers[3];
    if (position_ == declared_ || !file_.next(line)) {
        return false;
    }
    if (parse_triple(line, numbers) != 3) {
        refuse_line(line);
    }
    entry = {static_cast<Index>(numbers[0]) - 1, static_cast<Index>(numbers[1]) - 1, static_cast<float>(numbers[2])};
    if (entry.gene < 0 || entry.gene >= genes_ || entry.cell < 0 || entry.cell >= cells()) {
        refuse_line(line);
    }
    ++position_;
    return true;
}

void MtxReader::scan() {
    Entry entry;
    Index last = 0;
    const Index step = std::max<Index>(declared_ / kSampled, 1);
    while (next(entry)) {
        ++offsets_[static_cast<std::size_t>(entry.cell) + 1];
        by_cell_ = by_cell_ && entry.cell >= last;
        last = entry.cell;
        if (position_ % step == 0) {
            sample_.add(entry.cell, entry.gene, entry.value);
        }
    }
    if (position_ != declared_) {
        throw UserError(fmt::format("{}: {} entries, but its header says {}; the file is truncated", file_.path(),
                                    position_, declared_));
    }
    for (std::size_t cell = 1; cell < offsets_.size(); ++cell) {
        offsets_[cell] += offsets_[cell - 1];
    }
    const double elements = static_cast<double>(genes_) * static_cast<double>(cells());
    sample_.looked_at = declared_ == 0
                            ? elements
                            : elements * static_cast<double>(sample_.values.size()) / static_cast<double>(declared_);
    read_header();
}

ValueSample MtxReader::sample(Index entries) {
    ValueSample some;
    const std::size_t step =
        std::max<std::size_t>(sample_.values.size() / static_cast<std::size_t>(std::max<Index>(entries, 1)), 1);
    for (std::size_t i = 0; i < sample_.values.size(); i += step) {
        some.add(sample_.cells[i], sample_.genes[i], sample_.values[i]);
    }
    some.looked_at = sample_.looked_at / static_cast<double>(step);
    return some;
}

Index MtxReader::cells_per_read(std::size_t bytes) const {
    const double per_cell = static_cast<double>(stored()) / static_cast<double>(std::max<Index>(cells(), 1));
    return cells_within(bytes, kEntryBytes * per_cell, cells());
}

void MtxReader::read(Range range, CsrRows& out) {
    const std::int64_t base = take_offsets(offsets_, range, out.offsets);
    out.genes.resize(static_cast<std::size_t>(out.offsets.back()));
    out.values.resize(out.genes.size());
    std::vector<std::int64_t> place(out.offsets.begin(), out.offsets.end() - 1);
    if (!by_cell_ || position_ > base) {
        read_header();
    }
    Entry entry;
    while ((!by_cell_ || position_ < base + out.offsets.back()) && next(entry)) {
        if (range.contains(entry.cell)) {
            const auto at = static_cast<std::size_t>(place[static_cast<std::size_t>(entry.cell - range.begin)]++);
            out.genes[at] = static_cast<std::int32_t>(entry.gene);
            out.values[at] = entry.value;
        }
    }
    make_canonical(out, genes_, file_.path());
}

}  // namespace lazynet::io
