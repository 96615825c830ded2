#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lazynet/data/screen_builder.hpp"

namespace lazynet {

/// A label, the cell type and the batch of some cells.
struct CellRun {
    std::string label;
    std::string context;
    std::string batch;
    int cells = 10;
};

/// The screen of such cells; genes A, B and C are measured.
inline Screen screen_of(const std::vector<CellRun>& runs) {
    std::vector<std::string> labels, contexts, batches;
    for (const CellRun& run : runs) {
        const auto n = static_cast<std::size_t>(run.cells);
        labels.insert(labels.end(), n, run.label);
        contexts.insert(contexts.end(), n, run.context);
        batches.insert(batches.end(), n, run.batch);
    }
    MemoryTable obs("made up", static_cast<Index>(labels.size()));
    obs.add(text_column("condition", labels));
    obs.add(text_column("cell_type", contexts));
    obs.add(text_column("batch", batches));
    Screen screen;
    screen.name = "small";
    screen.genes = {"A", "B", "C"};
    screen.gene_of_column = {0, 1, 2};
    ScreenOptions options;
    options.min_cells = 1;
    options.context_col = "cell_type";
    options.batch_col = "batch";
    ScreenReport report;
    build_conditions(obs, options, screen, report);
    return screen;
}

/// Two contexts, singles A, B, C (measured), X, Y, Z (not), and some combinations.
inline std::vector<CellRun> small_runs() {
    std::vector<CellRun> runs;
    for (const char* context : {"K562", "RPE1"}) {
        runs.push_back({"ctrl", context, "1", 20});
        for (const char* label : {"A", "B", "C", "X", "Y", "Z", "A+B", "X+A", "Y+X", "C+Z", "A+B+X"}) {
            runs.push_back({label, context, "2"});
        }
    }
    return runs;
}

}  // namespace lazynet
