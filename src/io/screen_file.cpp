#include "lazynet/io/screen_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <unordered_map>

#include "lazynet/core/error.hpp"
#include "lazynet/data/gene_selection.hpp"
#include "lazynet/data/label_columns.hpp"
#include "lazynet/data/screen_builder.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {
namespace {

constexpr Index kSampleEntries = Index{1} << 17;

/// Columns of the input and more of them, in the cells' order.
class JoinedTable : public ObsTable {
public:
    /// @param first of two columns of one name, is it the joined one that counts? They come first then
    JoinedTable(std::unique_ptr<ObsTable> base, MemoryTable joined, bool first)
        : base_(std::move(base)), joined_(std::move(joined)), first_(first) {}
    [[nodiscard]] Index rows() const override { return base_->rows(); }
    [[nodiscard]] std::vector<std::string> names() const override {
        const ObsTable& leading = first_ ? static_cast<const ObsTable&>(joined_) : *base_;
        const ObsTable& other = first_ ? *base_ : static_cast<const ObsTable&>(joined_);
        std::vector<std::string> all = leading.names();
        for (const std::string& name : other.names()) {
            if (!leading.has(name)) {
                all.push_back(name);
            }
        }
        return all;
    }
    [[nodiscard]] Column read(const std::string& name) const override {
        return joined_.has(name) && (first_ || !base_->has(name)) ? joined_.read(name) : base_->read(name);
    }

private:
    std::unique_ptr<ObsTable> base_;
    MemoryTable joined_;
    bool first_;
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
    return std::make_unique<JoinedTable>(std::move(base), std::move(joined), true);
}

/// Where rows may be conditions, their names may be the labels.
std::unique_ptr<ObsTable> with_row_names(std::unique_ptr<ObsTable> base, const InputFile& input) {
    MemoryTable names("row names", base->rows());
    names.add(text_column(kRowNames, input.barcodes()));
    return std::make_unique<JoinedTable>(std::move(base), std::move(names), false);
}

/// Sampling variance of every condition's profile: its rows' ones, found by name or else by perturbation label.
std::vector<double> read_noise(const std::string& path, const std::vector<std::string>& names,
                               const std::vector<std::string>& labels, const Screen& screen) {
    const TextTable table = read_text_table(path);
    const std::vector<std::string> columns = table.columns->names();
    const Column values = columns.empty() ? Column{} : table.columns->read(columns[0]);
    if (values.kind != Column::Kind::number) {
        throw UserError(
            fmt::format("--noise {}: expected a header, then per row a name and its sampling variance", path));
    }
    std::unordered_map<std::string_view, double> variance_of;
    for (std::size_t row = 0; row < table.index.size(); ++row) {
        if (!variance_of.emplace(table.index[row], values.numbers[row]).second) {
            throw UserError(fmt::format("--noise {}: '{}' occurs twice", path, table.index[row]));
        }
    }
    std::vector<double> noise(screen.conditions.size(), 0.0);
    for (std::size_t row = 0; row < names.size(); ++row) {
        if (screen.cell_condition[row] < 0) {
            continue;
        }
        auto found = variance_of.find(names[row]);
        found = found == variance_of.end() ? variance_of.find(labels[row]) : found;
        if (found == variance_of.end()) {
            throw UserError(fmt::format("--noise {}: there is no line for '{}'", path, labels[row]));
        }
        if (!(found->second >= 0.0) || !std::isfinite(found->second)) {
            throw UserError(fmt::format("--noise {}: the variance of '{}' is {}; expected a number from 0 on", path,
                                        found->first, found->second));
        }
        const auto condition = static_cast<std::size_t>(screen.cell_condition[row]);
        noise[condition] += found->second / std::pow(static_cast<double>(screen.conditions[condition].cells), 2);
    }
    return noise;
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
        file_.screen.path = options_.path;
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
        std::unique_ptr<ObsTable> obs = join(input_, options_, file_.report);
        if (options_.may_hold_conditions()) {
            obs = with_row_names(std::move(obs), input_);
        }
        build_conditions(*obs, options_, file_.screen, file_.report);
        read_variances(*obs);
    }

    void read_variances(const ObsTable& obs) {
        Screen& screen = file_.screen;
        if (screen.rows_are_conditions && options_.noise_file.empty()) {
            file_.report.notes.push_back(
                "rows are conditions whose noise is not known: all count alike, and there is no noise ceiling; --noise "
                "FILE gives their sampling variances");
        }
        if (options_.noise_file.empty()) {
            return;
        }
        if (!screen.rows_are_conditions) {
            throw UserError(
                "--noise is for screens whose rows are conditions; the noise of cells is measured on the cells");
        }
        const Column column = as_labels(obs.read(file_.report.pert_col));
        std::vector<std::string> labels;
        for (Index row = 0; row < column.rows(); ++row) {
            labels.push_back(text_at(column, row));
        }
        screen.noise = read_noise(options_.noise_file, input_.barcodes(), labels, screen);
        for (double& variance : screen.noise) {
            variance /= static_cast<double>(file_.report.columns);
        }
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
            file_.screen.nonnegative = found.kind != Normalization::none;
            report.normalization = found.kind == Normalization::counts  ? "counts"
                                   : found.kind == Normalization::log1p ? "log1p"
                                                                        : "none";
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
