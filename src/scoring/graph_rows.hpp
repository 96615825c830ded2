#pragma once

#include <string>
#include <vector>

#include "lazynet/data/screen.hpp"
#include "lazynet/eval/smoothers.hpp"

namespace lazynet::scoring {

/// Rows of the regulator axis in a graph's normalised adjacency; genes that it does not name have none, and a note says
/// how many perturbed ones these are. Not collective. @throws UserError naming the file
eval::Features graph_rows(const std::string& path, const Screen& screen, std::vector<std::string>& notes);

}  // namespace lazynet::scoring
