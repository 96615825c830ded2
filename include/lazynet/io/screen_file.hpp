#pragma once

#include <memory>

#include "lazynet/data/screen.hpp"
#include "lazynet/data/screen_options.hpp"
#include "lazynet/data/screen_report.hpp"
#include "lazynet/io/matrix_reader.hpp"

namespace lazynet::io {

/// An input file, understood: what is in it, and a reader that streams its values.
struct ScreenFile {
    Screen screen;
    ScreenReport report;
    std::unique_ptr<MatrixReader> reader;
    Normalization normalization = Normalization::counts;
};

/// Opens an input file and resolves its labels, genes and normalisation. Not collective: every rank calls it, inside
/// Communicator::together, and all get the same answer. Reads labels and a sample of the values, not the matrix.
///
/// Column c of `reader` is gene `screen.gene_of_column[c]`; normalise whole rows first, drop columns afterwards.
///
/// @throws UserError naming file, field, what was expected and what to do
ScreenFile open_screen(const ScreenOptions& options);

/// The same without giving up at the first problem: `report.problems` lists what open_screen would throw, and
/// `report` holds all that could be found out. `reader` is null when the file cannot be opened at all.
ScreenFile examine_screen(const ScreenOptions& options);

}  // namespace lazynet::io
