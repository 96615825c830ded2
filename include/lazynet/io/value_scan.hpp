#pragma once

#include <string>
#include <vector>

#include "lazynet/io/matrix_reader.hpp"

namespace lazynet::io {

/// What a pass over every value of a matrix found.
struct ValueScan {
    Index nonzero = 0;
    double sum = 0;
    float largest = 0;
    Index empty_cells = 0;  ///< cells whose values are all zero
    std::string problem;    ///< the first value that cannot be used, with its place; "" if all can
};

/// Reads the whole matrix in pieces of bounded memory, stopping at the first bad value. Not collective.
/// @param file and `matrix` for the message  @param genes names of the columns
ValueScan scan_values(MatrixReader& reader, Normalization kind, const std::string& file, const std::string& matrix,
                      const std::vector<std::string>& genes);

}  // namespace lazynet::io
