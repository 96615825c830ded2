#pragma once

#include <string>

#include "lazynet/data/prior.hpp"

namespace lazynet::io {

/// Reads a gene graph (`--gene-graph`): an edge list or a named matrix as read_network takes them, for example
/// `source,target,importance`, STRING's links or a list of regulators and targets; plain or gzipped. Directions and
/// signs do not count, self-loops neither. Not collective.
/// @throws UserError naming the file: unreadable, a weight that is not finite, or no edge between two different genes
EdgeList read_gene_graph(const std::string& path);

}  // namespace lazynet::io
