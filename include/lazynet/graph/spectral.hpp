#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// An edge between nodes, without a direction.
struct WeightedEdge {
    std::int32_t a = 0;
    std::int32_t b = 0;
    float weight = 1.0f;  ///< its size counts, not its sign
};

struct SpectralOptions {
    Index dimensions = 400;  ///< at most; fewer where fewer eigenvalues are positive
    /// Vectors are scaled by eigenvalue^power. 0.5 makes their products the positive part of the adjacency itself, 1
    /// of its square (neighbours of neighbours), which predicts held-out perturbations better (R2 0.250 against 0.241,
    /// GO graph and Replogle's K562 screen) and hardly depends on the dimensions.
    double power = 1.0;
};

/// Nodes as vectors, near to one another where the graph ties them closely.
struct SpectralVectors {
    Matrix vectors;               ///< nodes x dimensions; 0 for nodes without edges
    VectorD eigenvalues;          ///< descending, all positive
    std::vector<Index> isolated;  ///< nodes without edges to others, ascending
    Index components = 0;         ///< connected parts of the graph, isolated nodes not counted
};

/// Leading eigenvectors of the symmetric normalised adjacency D^-1/2 W D^-1/2, scaled by eigenvalue^power.
///
/// W is symmetric: of edges between the same two nodes, either way round, the largest |weight| counts (lists of every
/// gene's best neighbours name an edge once or twice, with one weight). Self-loops are left out: they only say that a
/// gene is like itself, which the diagonal of the products says anyway, and held-out predictions are better without.
/// Connected components are solved one by one, so that eigenvalue 1 (one per component) is never a repeated one; of
/// equal eigenvalues the larger component's comes first. The result does not depend on the order of the edges; the same
/// bits every time. Signs as in eigenpairs.hpp.
///
/// Cost: memory nodes x dimensions x 40 bytes.
/// @throws InternalError for node numbers out of range and weights that are not finite
SpectralVectors spectral_vectors(Index nodes, std::span<const WeightedEdge> edges, const SpectralOptions& options);

}  // namespace lazynet
