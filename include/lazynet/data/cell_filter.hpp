#pragma once

#include <string>
#include <vector>

#include "lazynet/data/obs_table.hpp"

namespace lazynet {

/// `column op value`: cells for which it is true are kept; cells with a missing value are not.
struct CellFilter {
    enum class Op { greater, greater_equal, less, less_equal, equal, not_equal };
    std::string column;
    Op op = Op::equal;
    std::string value;
};

/// Parses "guide_frac>0.6" or "phase != 'G1'". @throws UserError showing what is expected
CellFilter parse_cell_filter(const std::string& text);

/// Per cell: does it pass? Numbers compare as numbers; text can only be compared for equality, unless it reads as
/// numbers on both sides. @throws UserError
std::vector<bool> passing_cells(const CellFilter& filter, const Column& column);

}  // namespace lazynet
