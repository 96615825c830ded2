#include "lazynet/io/screen_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <unordered_map>

#include "lazynet/core/error.hpp"
#include "lazynet/data/gene_selection.hpp"
#include "lazynet/data/screen_builder.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {
namespace {

constexpr Index kSampleEntries = Index{1} << 17;

/// Columns of a labels file in the cells' order, before those of the input itself.
class JoinedTable : public ObsTable {
public:
    JoinedTable(std::unique_ptr<ObsTable> base, MemoryTable joined)
        : base_(std::move(base)), joined_(std::move(joined)) {}
    [[nodiscard]] Index rows() const override { return base_->rows(); }
    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> all = joined_.names();
        for (const std::string& name : base_->names()) {
            if (!joined_.has(name)) {
                all.push_back(name);
            }
        }
        return all;
    }
    [[nodiscard]] Column read(const std::string& name) const override {
        return joined_.has(name) ? joined_.read(name) : base_->read(name);
    }

private:
    std::unique_ptr<ObsTable> base_;
    MemoryTable joined_;
};

std::unique_ptr<ObsTable> join(const InputFile& input, const ScreenOptions& options, ScreenReport& report) {
    std::unique_ptr<ObsTable> base = input.obs();
    if (options.obs_file.empty()) {
        return base;
    }
    const TextTable labels = read_text_table(options.obs_file);
    std::unordered_map<std::string_view, Index> row_of;
    for (std::size_t row = 0; row < labels.index.size(); ++row) {
        if (!row_of.emplace(labels.index[row], static_cast<Index>(row)).second) {
            throw UserError(fmt::format("{}: barcode '{}' occurs twice", options.obs_file, labels.index[row]));
        }
    }
    const std::vector<std::string> barcodes = input.barcodes();
    std::vector<Index> row_of_cell;
    for (const std::string& barcode : barcodes) {
        const auto at = row_of.find(barcode);
        row_of_cell.push_back(at == row_of.end() ? -1 : at->second);
    }
    const auto unmatched = std::count(row_of_cell.begin(), row_of_cell.end(), -1);
    if (unmatched == static_cast<std::ptrdiff_t>(barcodes.size())) {
        throw UserError(fmt::format("--obs {}: none of its barcodes (such as '{}') is in {} (such as '{}')",
                                    options.obs_file, labels.index.empty() ? "" : labels.index[0], options.path,
                                    barcodes.empty() ? "" : barcodes[0]));
    }
    if (unmatched > 0) {
        report.notes.push_back(
            fmt::format("{} of {} cells have no line in {}", unmatched, barcodes.size(), options.obs_file));
    }
    MemoryTable joined(options.obs_file, static_cast<Index>(barcodes.size()));
    for (const std::string& name : labels.columns->names()) {
        const Column column = labels.columns->read(name);
        std::vector<std::string> texts;
        for (const Index row : row_of_cell) {
            texts.push_back(row < 0 ? "" : text_at(column, row));
        }
        joined.add(column_of_texts(name, texts));
    }
    return std::make_unique<JoinedTable>(std::move(base), std::move(joined));
}

/// Opens one input, step by step. Steps that need what a failed one would have made are not tried.
class Opener {
public:
    Opener(const ScreenOptions& options, bool give_up) : options_(options), give_up_(give_up) {}

    ScreenFile open() {
        file_.report.path = options_.path;
        attempt([&] { options_.validate(); });
        if (!attempt([&] { input_ = open_input(options_); })) {
            return std::move(file_);
        }
        describe_matrix();
        if (!attempt([&] { refuse_empty(); })) {
            return std::move(file_);
        }
        const bool named = attempt([&] { name_genes(); });
        const bool labelled = attempt([&] { label_cells(); });
        if (named && labelled && !options_.genes_file.empty()) {
            attempt([&] { keep_listed_genes(); });
        }
        attempt([&] { recognise_values(); });
        file_.reader = std::move(input_.reader);
        return std::move(file_);
    }

private:
    /// False if the step threw; then its message is a problem of the file.
    bool attempt(const std::function<void()>& step) {
        try {
            step();
            return true;
        } catch (const UserError& e) {
            const std::string text = e.what();
            const bool named = text.find(options_.path) != std::string::npos;
            const std::string problem = named ? text : options_.path + ": " + text;
            if (give_up_) {
                throw UserError(problem);
            }
            file_.report.problems.push_back(problem);
            return false;
        }
    }

    void describe_matrix() {
        ScreenReport& report = file_.report;
        report.format = input_.format;
        report.matrix = input_.matrix;
        report.layout = input_.reader->layout();
        report.storage = input_.reader->storage();
        report.cells = input_.reader->cells();
        report.columns = input_.reader->genes();
        report.stored = input_.reader->stored();
        file_.screen.name = std::filesystem::path(options_.path).stem().string();
    }

    void refuse_empty() {
        const ScreenReport& report = file_.report;
        if (report.cells == 0 || report.columns == 0) {
            throw UserError(
                fmt::format("{} is empty: {} cells x {} genes", report.matrix, report.cells, report.columns));
        }
    }

    void name_genes() {
        GeneNames names = input_.gene_names();
        file_.report.gene_names_from = names.from;
        if (!names.note.empty()) {
            file_.report.notes.push_back(names.note);
        }
        column_names_ = names.names;
        file_.report.duplicates = duplicate_names(names.names);
        file_.screen.genes = names.names;
        GeneAxis axis = resolve_duplicates(names.names, options_.duplicate_genes);
        file_.screen.genes = std::move(axis.genes);
        file_.screen.gene_of_column = std::move(axis.gene_of_column);
        file_.report.genes_dropped = file_.report.columns - static_cast<Index>(file_.screen.genes.size());
    }

    void label_cells() {
        const std::unique_ptr<ObsTable> obs = join(input_, options_, file_.report);
        build_conditions(*obs, options_, file_.screen, file_.report);
    }

    void keep_listed_genes() {
        const std::vector<std::string> names = read_names(options_.genes_file);
        const std::vector<bool> keep = named_or_perturbed(file_.screen, names, file_.report.genes_not_found);
        if (file_.report.genes_not_found == static_cast<Index>(names.size())) {
            throw UserError(fmt::format("--genes {}: none of its {} names is a gene of this file (which has '{}' ...)",
                                        options_.genes_file, names.size(),
                                        file_.screen.genes.empty() ? "" : file_.screen.genes[0]));
        }
        select_genes(file_.screen, keep);
        file_.report.genes_dropped = file_.report.columns - static_cast<Index>(file_.screen.genes.size());
    }

    void recognise_values() {
        ScreenReport& report = file_.report;
        const ValueSample sample = input_.reader->sample(kSampleEntries);
        const auto nonzero = static_cast<double>(sample.values.size()) -
                             static_cast<double>(std::count(sample.values.begin(), sample.values.end(), 0.0F));
        report.zeros = sample.looked_at > 0 ? 1.0 - nonzero / sample.looked_at : 1.0;
        std::vector<std::string> names = column_names_;
        names.resize(static_cast<std::size_t>(report.columns), "?");
        try {
            FoundNormalization found = detect_normalization(sample, names, options_.normalization);
            file_.normalization = found.kind;
            report.normalization = found.kind == Normalization::counts ? "counts" : "log1p";
            report.normalization_reason = std::move(found.reason);
        } catch (const UserError& e) {
            throw UserError(fmt::format("{}: {}: {}", options_.path, report.matrix, e.what()));
        }
    }

    const ScreenOptions& options_;
    bool give_up_;
    InputFile input_;
    ScreenFile file_;
    std::vector<std::string> column_names_;
};

}  // namespace

ScreenFile open_screen(const ScreenOptions& options) {
    return Opener(options, true).open();
}

ScreenFile examine_screen(const ScreenOptions& options) {
    return Opener(options, false).open();
}

}  // namespace lazynet::io
