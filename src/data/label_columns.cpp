#include "lazynet/data/label_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "lazynet/core/error.hpp"
#include "lazynet/data/labels.hpp"

namespace lazynet {
namespace {

constexpr std::array kPerturbationColumns{"condition",
                                          "perturbation",
                                          "target_gene",
                                          "gene",
                                          "gene_target",
                                          "target",
                                          "guide_target",
                                          "perturbed_gene",
                                          "gene_symbol",
                                          "target_gene_name",
                                          "perturbation_name",
                                          "perturbation_label",
                                          "pert",
                                          "gene_name",
                                          "targets",
                                          "guide_identity",
                                          "guide_ids",
                                          "guide_id",
                                          "sgRNA",
                                          "drugname_drugconc",
                                          "drug",
                                          kRowNames};
constexpr std::array kContextColumns{"cell_type", "celltype", "cell_line", "cell_line_id", "context"};
constexpr std::array kBatchColumns{"batch", "gem_group", "gemgroup", "bio_rep", "donor", "replicate", "plate", "lane"};
constexpr const char* kIsControl = "is_control";
constexpr std::size_t kLabelsShown = 20;
constexpr std::size_t kMostContexts = 64;

std::string list(const std::vector<std::string>& names) {
    return names.empty() ? "(none)" : fmt::format("{}", fmt::join(names, ", "));
}

void require_column(const ObsTable& obs, const std::string& option, const std::string& name) {
    if (!obs.has(name)) {
        throw UserError(
            fmt::format("{} {}: there is no such label column; the columns are: {}", option, name, list(obs.names())));
    }
}

std::vector<CellCount> by_frequency(const Column& column) {
    const std::vector<Index> counts = category_counts(column);
    std::vector<CellCount> labels;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > 0) {
            labels.push_back({column.categories[i], counts[i]});
        }
    }
    std::stable_sort(labels.begin(), labels.end(), [](const CellCount& a, const CellCount& b) {
        return a.cells != b.cells ? a.cells > b.cells : a.label < b.label;
    });
    return labels;
}

std::string most_frequent(const std::vector<CellCount>& labels) {
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(labels.size(), kLabelsShown); ++i) {
        shown.push_back(fmt::format("'{}' ({})", labels[i].label, labels[i].cells));
    }
    return list(shown);
}

bool holds_control(const std::vector<CellCount>& labels, const LabelReader& reader) {
    return std::any_of(labels.begin(), labels.end(),
                       [&](const CellCount& label) { return reader.read(label.label).kind == Label::Kind::control; });
}

/// Cells that a boolean (or 0/1) column `is_control` marks; empty when there is no such column or it marks none.
std::vector<bool> marked_controls(const ObsTable& obs) {
    std::vector<bool> marked;
    if (!obs.has(kIsControl)) {
        return marked;
    }
    const Column column = obs.read(kIsControl);
    for (Index cell = 0; cell < column.rows(); ++cell) {
        const std::string text = text_at(column, cell);
        marked.push_back(text == "True" || text == "true" || text == "TRUE" || text == "1");
    }
    if (std::find(marked.begin(), marked.end(), true) == marked.end()) {
        marked.clear();
    }
    return marked;
}

struct Candidate {
    PerturbationLabels found;
    std::vector<CellCount> labels;
    bool has_control = false;
    bool marked = false;  ///< by is_control, not by a label
};

Candidate look_at(const ObsTable& obs, const std::string& name, const std::vector<std::string>& measured,
                  const ScreenOptions& options) {
    Candidate candidate;
    candidate.found.column = as_labels(obs.read(name));
    candidate.labels = by_frequency(candidate.found.column);
    std::vector<std::string> texts;
    for (const CellCount& label : candidate.labels) {
        texts.push_back(label.label);
    }
    candidate.has_control = holds_control(candidate.labels, LabelReader(texts, measured, options));
    if (!candidate.has_control && options.control.empty()) {
        candidate.found.is_control_cell = marked_controls(obs);
        candidate.marked = !candidate.found.is_control_cell.empty();
    }
    return candidate;
}

PerturbationLabels accept(Candidate candidate, const std::string& why, const ScreenOptions& options,
                          ScreenReport& report) {
    report.pert_col = candidate.found.column.name;
    report.labels = std::move(candidate.labels);
    if (!candidate.has_control && !candidate.marked && options.needs_controls) {
        throw UserError(
            fmt::format("column '{}' holds no control label; its most frequent labels are {}. "
                        "Name the control with --control LABEL, or another column with --pert-col",
                        report.pert_col, most_frequent(report.labels)));
    }
    report.pert_col_reason = why + (candidate.marked ? "; controls are marked by column 'is_control'" : "");
    return std::move(candidate.found);
}

Column constant_column(Index rows) {
    Column column;
    column.categories = {"all"};
    column.codes.assign(static_cast<std::size_t>(rows), 0);
    return column;
}

bool every_value_has_controls(const Column& column, const std::vector<bool>& control, const ScreenOptions& options) {
    std::vector<Index> controls(column.categories.size());
    for (std::size_t cell = 0; cell < column.codes.size(); ++cell) {
        if (column.codes[cell] >= 0 && control[cell]) {
            ++controls[static_cast<std::size_t>(column.codes[cell])];
        }
    }
    const std::vector<Index> cells = category_counts(column);
    Index values = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (options.needs_controls && cells[i] > 0 && controls[i] < std::max<Index>(options.min_cells, 1)) {
            return false;
        }
        values += cells[i] > 0 ? 1 : 0;
    }
    return values >= 2 && values <= static_cast<Index>(kMostContexts);
}

}  // namespace

PerturbationLabels find_perturbation_labels(const ObsTable& obs, const std::vector<std::string>& measured,
                                            const ScreenOptions& options, ScreenReport& report) {
    report.obs_columns = obs.names();
    if (!options.pert_col.empty()) {
        require_column(obs, "--pert-col", options.pert_col);
        return accept(look_at(obs, options.pert_col, measured, options), "given with --pert-col", options, report);
    }
    std::optional<Candidate> without_control;
    for (const char* name : kPerturbationColumns) {
        if (!obs.has(name)) {
            continue;
        }
        Candidate candidate = look_at(obs, name, measured, options);
        if (candidate.has_control || candidate.marked) {
            return accept(std::move(candidate), "the first usual name of a perturbation column that holds a control",
                          options, report);
        }
        if (!without_control) {
            without_control = std::move(candidate);
        }
    }
    if (without_control) {
        return accept(std::move(*without_control), "the first usual name of a perturbation column", options, report);
    }
    throw UserError(fmt::format(
        "no column looks like perturbation labels (such as {}); the columns are: {}. Name it with --pert-col{}",
        fmt::join(std::vector<std::string>(kPerturbationColumns.begin(), kPerturbationColumns.begin() + 5), ", "),
        list(obs.names()), obs.names().empty() ? ", or give labels with --obs FILE" : ""));
}

Column find_contexts(const ObsTable& obs, const std::vector<bool>& control, const ScreenOptions& options,
                     ScreenReport& report) {
    if (!options.context_col.empty() && options.context_col != "none") {
        require_column(obs, "--context-col", options.context_col);
        report.context_col = options.context_col;
        return as_labels(obs.read(options.context_col));
    }
    for (const char* name : kContextColumns) {
        if (options.context_col.empty() && obs.has(name) && name != report.pert_col) {
            Column column = as_labels(obs.read(name));
            if (every_value_has_controls(column, control, options)) {
                report.context_col = name;
                return column;
            }
        }
    }
    return constant_column(obs.rows());
}

Column find_batches(const ObsTable& obs, const ScreenOptions& options, ScreenReport& report) {
    Column column = constant_column(obs.rows());
    if (!options.batch_col.empty() && options.batch_col != "none") {
        require_column(obs, "--batch-col", options.batch_col);
        report.batch_col = options.batch_col;
        column = as_labels(obs.read(options.batch_col));
    } else if (options.batch_col.empty()) {
        for (const char* name : kBatchColumns) {
            if (!obs.has(name)) {
                continue;
            }
            Column candidate = as_labels(obs.read(name));
            const auto values = by_frequency(candidate).size();
            if (values > 1 && static_cast<Index>(values) <= obs.rows() / 2) {
                report.batch_col = name;
                column = std::move(candidate);
                break;
            }
        }
    }
    if (std::find(column.codes.begin(), column.codes.end(), -1) != column.codes.end()) {
        std::replace(column.codes.begin(), column.codes.end(), -1, static_cast<std::int32_t>(column.categories.size()));
        column.categories.emplace_back("(missing)");
    }
    return column;
}

bool is_usual_label_column(const std::string& name) {
    const auto is_in = [&](const auto& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
    return name == kIsControl || is_in(kPerturbationColumns) || is_in(kContextColumns) || is_in(kBatchColumns);
}

}  // namespace lazynet
