#pragma once

#include <array>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/cross_statistics.hpp"

namespace lazynet::train {

/// A finished run that is compared with others.
struct CrossRun {
    std::string name;
    std::string path;
};

/// One edge of the list: what the screens say together, and each of them.
struct CrossEdge {
    Index regulator = 0, target = 0;  ///< on the axis of all runs
    CrossEffect effect;
    std::vector<float> mean, sd;  ///< per run; NaN: nothing is stored, or it could not be estimated
};
/// The order of the list: evidence descending, then target, then regulator.
bool comes_before(const CrossEdge& a, const CrossEdge& b);

/// What a comparison found. The same on every rank but for the edges, which are the root's.
struct CrossSummary {
    std::vector<std::string> names;
    Index genes = 0, genes_in_all = 0, regulators = 0, regulators_in_all = 0;
    std::array<std::int64_t, 6> kinds{};                 ///< pairs by CrossKind
    std::vector<std::int64_t> certain, own, untestable;  ///< per run: edges certain, private, untestable elsewhere
    /// Per pair of runs, row by row: pairs that both hold; edges certain in both with the same sign, with different
    /// ones.
    std::vector<std::int64_t> joint, shared, opposite;
    /// Per pair of runs: correlation of the means over joint pairs, and what is left of it when every regulator is
    /// compared with another one of the other run (labels permuted; the same targets): the baseline.
    std::vector<double> correlation, baseline;
    std::vector<std::string> axis;  ///< names of genes and unmeasured regulators, for the edges
    std::vector<CrossEdge> edges;
    Index listed = 0;
};

/// Compares finished runs edge by edge: what several screens know together. Genes are matched by name. Writes the list
/// of edges that are certain in some screen, and an AnnData file: obs are the runs, var the genes of any of them, varp
/// the combined values of the regulators with most evidence per target, obsp how runs agree.
///
/// Collective; rows of targets stream, and nothing depends on the number of ranks. An edge of a gene to itself is left
/// out: a perturbed gene's own change is given.
/// @param list TSV, gzip when it ends in ".gz"; empty: none  @param file h5ad; empty: none
/// @throws AgreedError naming the file: not a run, without consensus, gene names that occur twice; cannot be written
CrossSummary compare_runs(const mpi::Communicator& world, const std::vector<CrossRun>& runs,
                          const CrossOptions& options, const std::string& list, const std::string& file);

}  // namespace lazynet::train
