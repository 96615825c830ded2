#include "lazynet/data/screen_builder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "lazynet/core/error.hpp"
#include "lazynet/data/cell_filter.hpp"
#include "lazynet/data/condition_table.hpp"
#include "lazynet/data/label_columns.hpp"
#include "lazynet/data/labels.hpp"

namespace lazynet {
namespace {

using Code = std::int32_t;
constexpr Code kOut = -1;

const char* const kControlName = "control";

/// What the labels of the perturbation column mean; perturbation 0 is the control.
struct Meanings {
    std::vector<std::vector<std::string>> genes;  ///< per perturbation; empty for controls
    std::vector<std::string> names;               ///< canonical, per perturbation
    std::vector<Code> of_label;                   ///< per category: perturbation, or kOut for a missing label
};

Meanings read_labels(const Column& column, const LabelReader& reader, ScreenReport& report) {
    Meanings meanings{{{}}, {kControlName}, {}};
    std::unordered_map<std::string, Code> known;
    std::set<std::string> separators;
    const std::vector<Index> counts = category_counts(column);
    for (std::size_t i = 0; i < column.categories.size(); ++i) {
        Label label = reader.read(column.categories[i]);
        if (label.kind != Label::Kind::perturbation) {
            meanings.of_label.push_back(label.kind == Label::Kind::control ? 0 : kOut);
            if (label.kind == Label::Kind::control && counts[i] > 0) {
                report.controls.push_back({column.categories[i], counts[i]});
            }
            continue;
        }
        if (!label.separator.empty() && counts[i] > 0) {
            separators.insert(label.separator);
        }
        const std::string name = fmt::format("{}", fmt::join(label.genes, "+"));
        const auto [at, is_new] = known.emplace(name, static_cast<Code>(meanings.names.size()));
        if (is_new) {
            meanings.names.push_back(name);
            meanings.genes.push_back(std::move(label.genes));
        }
        meanings.of_label.push_back(at->second);
    }
    report.separators.assign(separators.begin(), separators.end());
    return meanings;
}

/// The perturbation of each cell (0 = control), or kOut.
std::vector<Code> perturbation_of_cells(const PerturbationLabels& labels, const Meanings& meanings,
                                        const std::vector<bool>& kept, LeftOut& left_out) {
    const Column& column = labels.column;
    std::vector<Code> of_cell(column.codes.size(), kOut);
    std::map<std::string, Index> missing;
    for (std::size_t cell = 0; cell < of_cell.size(); ++cell) {
        if (!kept[cell]) {
            continue;
        }
        if (!labels.is_control_cell.empty() && labels.is_control_cell[cell]) {
            of_cell[cell] = 0;
            continue;
        }
        const Code code = column.codes[cell];
        of_cell[cell] = code < 0 ? kOut : meanings.of_label[static_cast<std::size_t>(code)];
        if (of_cell[cell] == kOut) {
            ++missing[code < 0 ? "" : column.categories[static_cast<std::size_t>(code)]];
        }
    }
    for (const auto& [label, cells] : missing) {
        left_out.add(label.empty() ? "no perturbation label" : "perturbation label '" + label + "'", cells);
    }
    return of_cell;
}

std::vector<bool> filtered_cells(const ObsTable& obs, const ScreenOptions& options, LeftOut& left_out) {
    std::vector<bool> kept(static_cast<std::size_t>(obs.rows()), true);
    for (const std::string& text : options.where) {
        const CellFilter filter = parse_cell_filter(text);
        const std::vector<bool> passes = passing_cells(filter, obs.read(filter.column));
        Index dropped = 0;
        for (std::size_t cell = 0; cell < kept.size(); ++cell) {
            dropped += kept[cell] && !passes[cell] ? 1 : 0;
            kept[cell] = kept[cell] && passes[cell];
        }
        left_out.add("--where " + text, dropped);
    }
    return kept;
}

/// Sorted numbering of the values that used cells have; old code -> new code, kOut where unused.
std::vector<Code> compact(const Column& column, const std::vector<Code>& of_cell, std::vector<std::string>& names) {
    std::set<std::string> used;
    for (std::size_t cell = 0; cell < of_cell.size(); ++cell) {
        if (of_cell[cell] != kOut && column.codes[cell] >= 0) {
            used.insert(column.categories[static_cast<std::size_t>(column.codes[cell])]);
        }
    }
    names.assign(used.begin(), used.end());
    std::vector<Code> renumbered;
    for (const std::string& category : column.categories) {
        const auto at = std::lower_bound(names.begin(), names.end(), category);
        renumbered.push_back(at != names.end() && *at == category ? static_cast<Code>(at - names.begin()) : kOut);
    }
    return renumbered;
}

std::vector<std::string> unmeasured_genes(const ConditionTable& table, const Meanings& meanings,
                                          const std::vector<std::string>& measured) {
    const std::set<std::string> genes(measured.begin(), measured.end());
    std::set<std::string> unmeasured;
    for (std::size_t p = 1; p < table.perturbations(); ++p) {
        bool used = false;
        for (std::size_t context = 0; context < table.contexts(); ++context) {
            used = used || table.kept(p, context);
        }
        for (const std::string& gene : meanings.genes[p]) {
            if (used && genes.count(gene) == 0) {
                unmeasured.insert(gene);
            }
        }
    }
    return {unmeasured.begin(), unmeasured.end()};
}

/// Numbers the conditions: controls in context order, then by (perturbation name, context).
std::vector<Code> list_conditions(ConditionTable& table, const Meanings& meanings, Screen& screen) {
    std::unordered_map<std::string, Index> regulator_of;
    for (Index j = 0; j < screen.regulators(); ++j) {
        regulator_of.emplace(screen.regulator(j), j);
    }
    std::vector<std::size_t> order(table.perturbations());
    for (std::size_t p = 0; p < order.size(); ++p) {
        order[p] = p;
    }
    std::sort(order.begin() + 1, order.end(),
              [&](std::size_t a, std::size_t b) { return meanings.names[a] < meanings.names[b]; });
    std::vector<Code> number(table.perturbations() * table.contexts(), kOut);
    for (const std::size_t p : order) {
        std::vector<Index> targets;
        for (const std::string& gene : meanings.genes[p]) {
            if (const auto at = regulator_of.find(gene); at != regulator_of.end()) {
                targets.push_back(at->second);
            }
        }
        std::sort(targets.begin(), targets.end());
        for (std::size_t context = 0; context < table.contexts(); ++context) {
            if (table.kept(p, context)) {
                number[p * table.contexts() + context] = static_cast<Code>(screen.conditions.size());
                screen.conditions.push_back(
                    {meanings.names[p], static_cast<Index>(context), targets, table.cells(p, context)});
            }
        }
    }
    return number;
}

std::vector<Code> codes_of_cells(const Column& column, const std::vector<Code>& renumbered) {
    std::vector<Code> codes;
    codes.reserve(column.codes.size());
    for (const Code code : column.codes) {
        codes.push_back(code < 0 ? kOut : renumbered[static_cast<std::size_t>(code)]);
    }
    return codes;
}

void summarise(const Screen& screen, ScreenReport& report) {
    std::map<std::string, Index> cells_of;
    report.contexts.clear();
    for (const std::string& context : screen.contexts) {
        report.contexts.push_back({context, 0});
    }
    for (const Condition& condition : screen.conditions) {
        report.cells_used += condition.cells;
        report.contexts[static_cast<std::size_t>(condition.context)].cells += condition.cells;
        if (condition.is_control()) {
            report.control_cells += condition.cells;
            continue;
        }
        ++report.conditions;
        const auto [at, is_new] = cells_of.try_emplace(condition.perturbation, 0);
        at->second += condition.cells;
        const auto size = condition.targets.size();
        report.perturbations_by_size.resize(std::max(report.perturbations_by_size.size(), size + 1));
        report.perturbations_by_size[size] += is_new ? 1 : 0;
    }
    for (const auto& [name, cells] : cells_of) {
        report.perturbation_cells.push_back(cells);
    }
    std::sort(report.perturbation_cells.begin(), report.perturbation_cells.end());
    for (const std::string& batch : screen.batches) {
        report.batches.push_back({batch, 0});
    }
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        if (screen.cell_condition[cell] >= 0) {
            ++report.batches[static_cast<std::size_t>(screen.cell_batch[cell])].cells;
        }
    }
    report.unmeasured = screen.unmeasured;
}

/// One run of build_conditions, step by step.
class ConditionBuilder {
public:
    ConditionBuilder(const ObsTable& obs, const ScreenOptions& options, Screen& screen, ScreenReport& report)
        : obs_(obs), options_(options), screen_(screen), report_(report) {}

    void read_cells() {
        PerturbationLabels labels = find_perturbation_labels(obs_, screen_.genes, options_, report_);
        meanings_ = read_labels(labels.column, LabelReader(labels.column.categories, screen_.genes, options_), report_);
        of_cell_ = perturbation_of_cells(labels, meanings_, filtered_cells(obs_, options_, left_out_), left_out_);
        labels_ = std::move(labels.column);
    }

    /// Are rows conditions? Then one row is enough for each; labels that mean the same are averaged.
    void tell_rows() {
        if (!options_.may_hold_conditions()) {
            return;
        }
        ScreenOptions single = options_;
        single.min_cells = 1;
        const Column column = find_contexts(obs_, controls(), single, report_);
        const std::string twice = occurs_twice(column);
        if (!twice.empty() && options_.rows == "conditions") {
            throw UserError(
                fmt::format("--rows conditions: {} has more than one row; say --rows cells if these are to "
                            "be averaged, or name the column that tells them apart with --context-col",
                            twice));
        }
        if (!twice.empty()) {
            report_.context_col.clear();
            return;
        }
        options_ = single;
        screen_.rows_are_conditions = true;
        report_.rows_are_conditions = true;
        report_.rows_reason =
            options_.rows == "conditions" ? "given with --rows" : "every label occurs once; say --rows cells otherwise";
    }

    /// Counts cells per (perturbation, context).
    void count() {
        const Column column = find_contexts(obs_, controls(), options_, report_);
        of_context_ = codes_of_cells(column, compact(column, of_cell_, screen_.contexts));
        table_ = ConditionTable(meanings_.names.size(), screen_.contexts.size());
        Index no_context = 0;
        for (std::size_t cell = 0; cell < of_cell_.size(); ++cell) {
            if (of_cell_[cell] != kOut && of_context_[cell] == kOut) {
                of_cell_[cell] = kOut;
                ++no_context;
            }
            if (of_cell_[cell] != kOut) {
                ++table_.cells(static_cast<std::size_t>(of_cell_[cell]), static_cast<std::size_t>(of_context_[cell]));
            }
        }
        left_out_.add("no value in context column '" + report_.context_col + "'", no_context);
    }

    void keep_the_large() {
        apply_minimum(table_, screen_.contexts, options_, left_out_, report_);
        report_.left_out = left_out_.take();
        require_controls(table_, options_, report_);
        require_perturbations(table_, meanings_.names, options_, report_);
        screen_.unmeasured = unmeasured_genes(table_, meanings_, screen_.genes);
    }

    void number_cells() {
        screen_.conditions.clear();
        const std::vector<Code> number = list_conditions(table_, meanings_, screen_);
        screen_.cell_condition.assign(of_cell_.size(), kOut);
        for (std::size_t cell = 0; cell < of_cell_.size(); ++cell) {
            if (of_cell_[cell] != kOut) {
                const std::size_t row = static_cast<std::size_t>(of_cell_[cell]) * table_.contexts();
                screen_.cell_condition[cell] = number[row + static_cast<std::size_t>(of_context_[cell])];
            }
        }
        drop_empty_contexts();
        const Column batches = find_batches(obs_, options_, report_);
        screen_.cell_batch = codes_of_cells(batches, compact(batches, screen_.cell_condition, screen_.batches));
        for (Code& batch : screen_.cell_batch) {
            batch = std::max(batch, 0);  // a batch that only cells left out have; nobody looks at it
        }
    }

private:
    [[nodiscard]] std::vector<bool> controls() const {
        std::vector<bool> control(of_cell_.size());
        std::transform(of_cell_.begin(), of_cell_.end(), control.begin(), [](Code code) { return code == 0; });
        return control;
    }

    /// The first label that two cells of one context have, in words; "" if there is none.
    [[nodiscard]] std::string occurs_twice(const Column& contexts) const {
        std::set<std::pair<Code, Code>> seen;
        for (std::size_t cell = 0; cell < of_cell_.size(); ++cell) {
            const Code context = contexts.codes[cell];
            if (of_cell_[cell] == kOut || context < 0 || seen.emplace(labels_.codes[cell], context).second) {
                continue;
            }
            const std::string name = "'" + text_at(labels_, static_cast<Index>(cell)) + "'";
            return contexts.categories.size() < 2
                       ? name
                       : fmt::format("{} in '{}'", name, contexts.categories[static_cast<std::size_t>(context)]);
        }
        return "";
    }

    void drop_empty_contexts() {
        std::vector<std::string> left;
        std::vector<Index> renumbered(screen_.contexts.size(), kOut);
        for (std::size_t context = 0; context < screen_.contexts.size(); ++context) {
            if (table_.kept(0, context)) {
                renumbered[context] = static_cast<Index>(left.size());
                left.push_back(screen_.contexts[context]);
            }
        }
        for (Condition& condition : screen_.conditions) {
            condition.context = renumbered[static_cast<std::size_t>(condition.context)];
        }
        screen_.contexts = std::move(left);
    }

    const ObsTable& obs_;
    ScreenOptions options_;
    Screen& screen_;
    ScreenReport& report_;
    LeftOut left_out_;
    Column labels_;
    Meanings meanings_;
    std::vector<Code> of_cell_;     ///< perturbation, or kOut
    std::vector<Code> of_context_;  ///< context as first numbered, or kOut
    ConditionTable table_{0, 0};
};

}  // namespace

void build_conditions(const ObsTable& obs, const ScreenOptions& options, Screen& screen, ScreenReport& report) {
    ConditionBuilder builder(obs, options, screen, report);
    builder.read_cells();
    builder.tell_rows();
    builder.count();
    builder.keep_the_large();
    builder.number_cells();
    summarise(screen, report);
}

}  // namespace lazynet
