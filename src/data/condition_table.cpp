#include "lazynet/data/condition_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lazynet/core/error.hpp"

namespace lazynet {

void apply_minimum(ConditionTable& table, const std::vector<std::string>& contexts, const ScreenOptions& options,
                   LeftOut& left_out, ScreenReport& report) {
    Index small_cells = 0;
    Index small = 0;
    for (std::size_t context = 0; context < table.contexts(); ++context) {
        const Index controls = table.cells(0, context);
        if (!options.needs_controls) {
            table.keep(0, context);  // perhaps a control of no cells
        } else if (controls < std::max<Index>(options.min_cells, 1)) {
            Index cells = 0;
            for (std::size_t p = 0; p < table.perturbations(); ++p) {
                cells += table.cells(p, context);
            }
            left_out.add(fmt::format("context '{}' has {} control cells", contexts[context], controls), cells);
            report.notes.push_back(fmt::format("context '{}' is left out: {} control cells, {} needed",
                                               contexts[context], controls, std::max<Index>(options.min_cells, 1)));
            continue;
        }
        for (std::size_t p = 0; p < table.perturbations(); ++p) {
            const Index cells = table.cells(p, context);
            if (cells >= std::max<Index>(options.min_cells, 1)) {
                table.keep(p, context);
            } else if (cells > 0) {
                small_cells += cells;
                ++small;
            }
        }
    }
    left_out.add(fmt::format("{} {} with fewer than {} cells", small, small == 1 ? "perturbation" : "perturbations",
                             options.min_cells),
                 small_cells);
}

void require_controls(const ConditionTable& table, const ScreenOptions& options, const ScreenReport& report) {
    if (!options.needs_controls) {
        return;
    }
    Index most = 0;
    for (std::size_t context = 0; context < table.contexts(); ++context) {
        most = std::max(most, table.cells(0, context));
    }
    if (most == 0) {
        throw UserError(
            fmt::format("column '{}': no control cell is left after --where and missing labels", report.pert_col));
    }
    if (most < options.min_cells) {
        throw UserError(fmt::format(
            "column '{}': only {} control cells{}, and --min-cells-per-perturbation asks for {}", report.pert_col, most,
            table.contexts() > 1 ? " in the largest context" : "", options.min_cells));
    }
}

void require_perturbations(const ConditionTable& table, const std::vector<std::string>& names,
                           const ScreenOptions& options, const ScreenReport& report) {
    Index most = 0;
    std::size_t largest = 0;
    for (std::size_t p = 1; p < table.perturbations(); ++p) {
        for (std::size_t context = 0; context < table.contexts(); ++context) {
            if (table.kept(p, context)) {
                return;
            }
            if (table.cells(p, context) > most) {
                most = table.cells(p, context);
                largest = p;
            }
        }
    }
    if (most == 0) {
        throw UserError(fmt::format(
            "column '{}': every labelled cell is a control; there is no perturbation to learn from", report.pert_col));
    }
    throw UserError(
        fmt::format("column '{}': no perturbation has {} cells beside controls; the largest, '{}', has {}. "
                    "Lower --min-cells-per-perturbation",
                    report.pert_col, options.min_cells, names[largest], most));
}

}  // namespace lazynet
