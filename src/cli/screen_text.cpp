#include "screen_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "lazynet/core/text.hpp"

namespace lazynet::cli {
namespace {

constexpr std::size_t kShown = 10;

struct Quantile {
    const char* name;
    double at;
};
constexpr std::array<Quantile, 7> kQuantiles{
    {{"min", 0.0}, {"5 %", 0.05}, {"25 %", 0.25}, {"median", 0.5}, {"75 %", 0.75}, {"95 %", 0.95}, {"max", 1.0}}};

/// Nearest-rank quantile of ascending values. @pre not empty
Index quantile(const std::vector<Index>& ascending, double at) {
    return ascending[static_cast<std::size_t>(at * static_cast<double>(ascending.size() - 1) + 0.5)];
}

std::string line(const std::string& name, const std::string& value) {
    return value.empty() ? "" : fmt::format("{:<16} {}\n", name, value);
}

/// The first ten, and how many there are in all.
template <typename Items, typename Text>
std::string list(const Items& items, bool verbose, Text text) {
    std::vector<std::string> shown;
    const std::size_t n = verbose ? items.size() : std::min(items.size(), kShown);
    for (std::size_t i = 0; i < n; ++i) {
        shown.push_back(text(items[i]));
    }
    return fmt::format("{}{}", fmt::join(shown, ", "),
                       n < items.size() ? fmt::format(", ... ({} in all)", items.size()) : "");
}

std::string names(const std::vector<std::string>& items, bool verbose) {
    return list(items, verbose, [](const std::string& item) { return item; });
}

std::string counts(const std::vector<CellCount>& items, bool verbose) {
    return list(items, verbose, [](const CellCount& item) { return fmt::format("{} ({})", item.label, item.cells); });
}

const char* rows_name(const ScreenReport& r) {
    return r.rows_are_conditions ? "conditions" : "cells";
}

std::string matrix_lines(const ScreenReport& r) {
    std::string text = line("file", fmt::format("{} ({})", r.path, r.format));
    text += line("matrix", fmt::format("{}: {} {} x {} genes, {}, {}", r.matrix, r.cells, rows_name(r), r.columns,
                                       r.layout, r.storage));
    if (r.zeros >= 0) {
        text += line("zeros", fmt::format("{:.1f} %{}", 100 * r.zeros, r.zeros_exact ? "" : " (from a sample)"));
    }
    text += line("values", r.normalization.empty() ? "not understood, see below"
                                                   : r.normalization + ": " + r.normalization_reason);
    if (r.rows_are_conditions) {
        text += line("rows", "conditions: " + r.rows_reason);
    }
    return text;
}

std::string gene_lines(const ScreenReport& r, bool verbose) {
    std::string text = line("gene names", r.gene_names_from);
    if (!r.duplicates.empty()) {
        text += line("duplicates", names(r.duplicates, verbose));
    }
    if (r.genes_dropped > 0) {
        text += line("genes used", fmt::format("{} ({} left out)", r.columns - r.genes_dropped, r.genes_dropped));
    }
    return text;
}

std::string sizes_text(const std::vector<Index>& by_size) {
    std::vector<std::string> parts;
    for (std::size_t k = 1; k < by_size.size(); ++k) {
        if (by_size[k] > 0) {
            parts.push_back(fmt::format("{} of {}", by_size[k], counted(static_cast<Index>(k), "gene")));
        }
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string quantile_text(const std::vector<Index>& ascending) {
    std::vector<std::string> parts;
    for (const Quantile& q : kQuantiles) {
        parts.push_back(fmt::format("{} {}", q.name, quantile(ascending, q.at)));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string label_lines(const ScreenReport& r, bool verbose) {
    std::string text = line("label columns", names(r.obs_columns, true));
    if (!r.pert_col.empty()) {
        text += line("perturbations", fmt::format("column '{}'{}", r.pert_col,
                                                  r.pert_col_reason.empty() ? "" : ": " + r.pert_col_reason));
    }
    text += line("controls", counts(r.controls, verbose));
    text += line("separators", fmt::format("{}", fmt::join(r.separators, " ")));
    if (verbose) {
        text += line("labels", counts(r.labels, true));
    }
    if (!r.perturbation_cells.empty()) {
        text += line("perturbed", fmt::format("{} perturbations: {}", r.perturbation_cells.size(),
                                              sizes_text(r.perturbations_by_size)));
        if (!r.rows_are_conditions) {
            text += line("cells each", quantile_text(r.perturbation_cells));
        }
    }
    if (r.cells_used > 0) {
        text += line(r.rows_are_conditions ? "rows used" : "cells used",
                     fmt::format("{}, of which {} control", r.cells_used, r.control_cells));
    }
    text += line(r.rows_are_conditions ? "rows left out" : "cells left out",
                 list(r.left_out, verbose, [](const CellCount& c) { return fmt::format("{}: {}", c.cells, c.label); }));
    text +=
        line("contexts",
             r.context_col.empty() ? "" : fmt::format("column '{}': {}", r.context_col, counts(r.contexts, verbose)));
    text += line("batches",
                 r.batch_col.empty() ? "" : fmt::format("column '{}': {}", r.batch_col, counts(r.batches, verbose)));
    if (!r.unmeasured.empty()) {
        text += line("not measured", names(r.unmeasured, verbose));
    }
    return text;
}

nlohmann::ordered_json to_json(const std::vector<CellCount>& items) {
    auto json = nlohmann::ordered_json::array();
    for (const CellCount& item : items) {
        json.push_back({{"label", item.label}, {"cells", item.cells}});
    }
    return json;
}

}  // namespace

std::string screen_text(const ScreenReport& report, bool verbose) {
    std::string text =
        report.format.empty() ? "" : matrix_lines(report) + gene_lines(report, verbose) + label_lines(report, verbose);
    for (const std::string& note : report.notes) {
        text += line("note", note);
    }
    for (const std::string& problem : report.problems) {
        text += line("problem", problem);
    }
    return text;
}

nlohmann::ordered_json screen_json(const ScreenReport& r) {
    nlohmann::ordered_json quantiles;
    for (const Quantile& q : kQuantiles) {
        if (!r.perturbation_cells.empty()) {
            quantiles[q.name] = quantile(r.perturbation_cells, q.at);
        }
    }
    nlohmann::ordered_json json;
    json["file"] = r.path;
    json["format"] = r.format;
    json["matrix"] = r.matrix;
    json["layout"] = r.layout;
    json["storage"] = r.storage;
    json["cells"] = r.cells;
    json["columns"] = r.columns;
    json["genes"] = r.columns - r.genes_dropped;
    json["stored"] = r.stored;
    json["zeros"] = r.zeros;
    json["zeros_exact"] = r.zeros_exact;
    json["normalization"] = r.normalization;
    json["normalization_reason"] = r.normalization_reason;
    json["rows"] = rows_name(r);
    json["gene_names_from"] = r.gene_names_from;
    json["duplicates"] = r.duplicates;
    json["genes_not_found"] = r.genes_not_found;
    json["obs_columns"] = r.obs_columns;
    json["pert_col"] = r.pert_col;
    json["pert_col_reason"] = r.pert_col_reason;
    json["context_col"] = r.context_col;
    json["batch_col"] = r.batch_col;
    json["labels"] = to_json(r.labels);
    json["controls"] = to_json(r.controls);
    json["separators"] = r.separators;
    json["left_out"] = to_json(r.left_out);
    json["cells_used"] = r.cells_used;
    json["control_cells"] = r.control_cells;
    json["conditions"] = r.conditions;
    json["perturbations"] = r.perturbation_cells.size();
    json["perturbations_by_size"] = r.perturbations_by_size;
    json["cells_per_perturbation"] = quantiles;
    json["contexts"] = to_json(r.contexts);
    json["batches"] = to_json(r.batches);
    json["unmeasured"] = r.unmeasured;
    json["notes"] = r.notes;
    json["problems"] = r.problems;
    json["would_train"] = r.problems.empty();
    return json;
}

}  // namespace lazynet::cli
