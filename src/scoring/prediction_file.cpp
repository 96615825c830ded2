#include <algorithm>

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

}  // namespace

PredictionFile open_predictions(ScreenOptions options) {
    options.normalization = "none";
    options.min_cells = 1;
    options.needs_controls = false;
    PredictionFile file;
    file.means = io::open_screen(options);
    const io::InputFile input = io::open_input(options);
    const std::unique_ptr<ObsTable> obs = input.obs();
    file.labels.fold = words_of(*obs, "fold", file.means.screen);
    file.labels.ground = words_of(*obs, "ground", file.means.screen);
    if (has_sds(options, input.format)) {
        options.layer = "sd";
        file.sds = io::open_input(options).reader;
    }
    return file;
}

}  // namespace lazynet::scoring
