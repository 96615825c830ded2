#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "lazynet/core/error.hpp"
#include "lazynet/data/cell_filter.hpp"
#include "lazynet/data/label_columns.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {
namespace {

/// A whole matrix in memory: text formats are for small screens.
class MemoryReader : public MatrixReader {
public:
    MemoryReader(CsrRows rows, Index genes) : rows_(std::move(rows)), genes_(genes) {}
    [[nodiscard]] Index cells() const override { return rows_.rows(); }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return rows_.offsets.back(); }
    [[nodiscard]] std::string layout() const override { return "csv"; }
    [[nodiscard]] std::string storage() const override { return "text"; }
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override {
        const double per_cell = static_cast<double>(stored()) / static_cast<double>(std::max<Index>(cells(), 1));
        return cells_within(bytes, kEntryBytes * per_cell, cells());
    }
    void read(Range range, CsrRows& out) override {
        const std::int64_t begin = take_offsets(rows_.offsets, range, out.offsets);
        const std::int64_t end = begin + out.offsets.back();
        out.genes.assign(rows_.genes.begin() + begin, rows_.genes.begin() + end);
        out.values.assign(rows_.values.begin() + begin, rows_.values.begin() + end);
    }

private:
    CsrRows rows_;
    Index genes_;
};

/// Which columns are labels: those with text in the first row, those that options name, and the usual names.
std::vector<bool> label_columns(const std::vector<std::string>& header, const std::vector<std::string>& first,
                                const ScreenOptions& options) {
    std::vector<bool> labels(header.size());
    for (std::size_t i = 1; i < header.size(); ++i) {
        double ignored = 0;
        const std::string& name = header[i];
        labels[i] = !parse_number(first[i], ignored) || name == options.pert_col || name == options.context_col ||
                    name == options.batch_col || is_usual_label_column(name);
        for (const std::string& filter : options.where) {
            labels[i] = labels[i] || name == parse_cell_filter(filter).column;
        }
    }
    return labels;
}

/// A cells x genes text file, as it is read line by line.
struct CsvScreen {
    std::vector<std::string> header;
    std::vector<bool> is_label;
    std::vector<std::string> barcodes;
    std::vector<std::vector<std::string>> labels;  ///< per column; empty for genes
    CsrRows rows;

    void start(const std::vector<std::string>& first, const TableFile& file, const ScreenOptions& options);
    void add(const std::vector<std::string>& fields, const TableFile& file);
};

void CsvScreen::start(const std::vector<std::string>& first, const TableFile& file, const ScreenOptions& options) {
    header = file.header();
    is_label = label_columns(header, first, options);
    labels.resize(header.size());
    rows.offsets.assign(1, 0);
}

void CsvScreen::add(const std::vector<std::string>& fields, const TableFile& file) {
    barcodes.push_back(fields[0]);
    std::int32_t gene = 0;
    for (std::size_t i = 1; i < fields.size(); ++i) {
        if (is_label[i]) {
            labels[i].push_back(fields[i]);
            continue;
        }
        double value = 0;
        if (!parse_number(fields[i], value)) {
            throw UserError(fmt::format(
                "{}: line {}, column '{}': '{}' is not a number, but the column's first value is; label columns must "
                "start with text, have a usual name, or be named by an option",
                file.path(), file.line_number(), header[i], fields[i]));
        }
        if (value != 0) {
            rows.genes.push_back(gene);
            rows.values.push_back(static_cast<float>(value));
        }
        ++gene;
    }
    rows.offsets.push_back(static_cast<std::int64_t>(rows.genes.size()));
}

CsvScreen read_csv(const std::string& path, const ScreenOptions& options) {
    TableFile file(path, "a header (barcode, genes and label columns) and one line per cell");
    CsvScreen screen;
    for (std::vector<std::string> fields; file.next(fields);) {
        if (screen.rows.offsets.empty()) {
            screen.start(fields, file, options);
        }
        screen.add(fields, file);
    }
    if (screen.rows.offsets.empty()) {
        throw UserError(path + ": a header and no cells");
    }
    return screen;
}

}  // namespace

InputFile open_csv(const ScreenOptions& options) {
    const std::string path = options.path;
    const auto screen = std::make_shared<CsvScreen>(read_csv(path, options));
    InputFile input;
    input.format = "csv";
    input.matrix = std::filesystem::path(path).filename().string();
    GeneNames genes;
    genes.from = "header";
    for (std::size_t i = 1; i < screen->header.size(); ++i) {
        if (!screen->is_label[i]) {
            genes.names.push_back(screen->header[i]);
        }
    }
    input.reader = std::make_unique<MemoryReader>(std::move(screen->rows), static_cast<Index>(genes.names.size()));
    input.gene_names = [genes] { return genes; };
    input.obs = [=] {
        auto table = std::make_unique<MemoryTable>(path, static_cast<Index>(screen->barcodes.size()));
        for (std::size_t i = 1; i < screen->header.size(); ++i) {
            if (screen->is_label[i]) {
                table->add(column_of_texts(screen->header[i], screen->labels[i]));
            }
        }
        return table;
    };
    input.barcodes = [=] { return screen->barcodes; };
    return input;
}

}  // namespace lazynet::io
