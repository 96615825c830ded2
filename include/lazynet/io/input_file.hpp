#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lazynet/data/obs_table.hpp"
#include "lazynet/data/screen_options.hpp"
#include "lazynet/io/matrix_reader.hpp"

namespace lazynet::io {

/// Gene names of the columns, and where they were found.
struct GeneNames {
    std::vector<std::string> names;
    std::string from;  ///< "var/_index"
    std::string note;  ///< why not the index; "" if it is
};

/// The parts of an input file, each opened or read when asked for, so that one that is damaged hides no other.
struct InputFile {
    std::string format;  ///< "h5ad", "10x h5", "10x mtx", "csv"
    std::string matrix;  ///< where the values are
    std::unique_ptr<MatrixReader> reader;
    std::function<GeneNames()> gene_names;
    std::function<std::unique_ptr<ObsTable>()> obs;
    std::function<std::vector<std::string>()> barcodes;
};

/// Recognises the format of `options.path` and opens the matrix.
/// @throws UserError: no such file, not a known format, no such matrix in it
InputFile open_input(const ScreenOptions& options);

/// The formats, one by one; `open_input` picks.
InputFile open_h5ad(const ScreenOptions& options);
InputFile open_10x_h5(const ScreenOptions& options);
InputFile open_10x_folder(const ScreenOptions& options);
InputFile open_csv(const ScreenOptions& options);

}  // namespace lazynet::io
