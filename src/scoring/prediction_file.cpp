#include <map>
#include <utility>

#include "lazynet/io/h5.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/scoring/evaluation.hpp"

namespace lazynet::scoring {
namespace {

bool has_sds(const ScreenOptions& options, const std::string& format) {
    if (format != "h5ad") {
        return false;
    }
    const io::Handle file = io::open_for_reading(options.path);
    return io::has_link(file, "layers") && io::has_link(io::open_group(file, "layers"), "sd");
}

/// Per condition what the column says of its first row; empty without the column.
std::vector<std::string> words_of(const ObsTable& obs, const std::string& name, const Screen& screen) {
    if (!obs.has(name)) {
        return {};
    }
    const Column column = as_labels(obs.read(name));
    std::vector<std::string> words(screen.conditions.size());
    for (std::size_t cell = screen.cell_condition.size(); cell-- > 0;) {
        if (screen.cell_condition[cell] >= 0) {
            words[static_cast<std::size_t>(screen.cell_condition[cell])] = text_at(column, static_cast<Index>(cell));
        }
    }
    return words;
}

/// Conditions that occur in several folds become one each.
void split_by_fold(Screen& screen, const std::vector<std::string>& fold_of_row) {
    std::map<std::pair<std::int32_t, std::string>, Index> rows;  // conditions come in order, each by fold
    for (std::size_t row = 0; row < screen.cell_condition.size(); ++row) {
        const std::int32_t condition = screen.cell_condition[row];
        if (condition >= 0) {
            const bool is_control = screen.conditions[static_cast<std::size_t>(condition)].is_control();
            ++rows[{condition, is_control ? "" : fold_of_row[row]}];
        }
    }
    for (std::size_t k = 0; k < screen.contexts.size(); ++k) {
        rows.try_emplace({static_cast<std::int32_t>(k), ""}, 0);  // controls, also those of no cell
    }
    std::vector<Condition> conditions;
    std::map<std::pair<std::int32_t, std::string>, std::int32_t> number;
    for (const auto& [key, cells] : rows) {
        number[key] = static_cast<std::int32_t>(conditions.size());
        conditions.push_back(screen.conditions[static_cast<std::size_t>(key.first)]);
        conditions.back().cells = cells;
    }
    for (std::size_t row = 0; row < screen.cell_condition.size(); ++row) {
        std::int32_t& condition = screen.cell_condition[row];
        if (condition >= 0) {
            const bool is_control = screen.conditions[static_cast<std::size_t>(condition)].is_control();
            condition = number.at({condition, is_control ? "" : fold_of_row[row]});
        }
    }
    screen.conditions = std::move(conditions);
    screen.noise.clear();
}

std::vector<std::string> words_of_rows(const ObsTable& obs, const std::string& name) {
    const Column column = as_labels(obs.read(name));
    std::vector<std::string> words;
    for (Index row = 0; row < column.rows(); ++row) {
        words.push_back(text_at(column, row));
    }
    return words;
}

}  // namespace

PredictionFile open_predictions(ScreenOptions options) {
    options.min_cells = 1;
    options.needs_controls = false;
    PredictionFile file;
    file.means = io::open_screen(options);
    const io::InputFile input = io::open_input(options);
    const std::unique_ptr<ObsTable> obs = input.obs();
    if (obs->has("fold")) {
        split_by_fold(file.means.screen, words_of_rows(*obs, "fold"));
    }
    file.labels.fold = words_of(*obs, "fold", file.means.screen);
    file.labels.ground = words_of(*obs, "ground", file.means.screen);
    if (has_sds(options, input.format)) {
        options.layer = "sd";
        file.sds = io::open_input(options).reader;
    }
    return file;
}

}  // namespace lazynet::scoring
