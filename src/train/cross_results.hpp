#pragma once

#include <string>
#include <vector>

#include "lazynet/io/results.hpp"
#include "lazynet/train/cross_axis.hpp"
#include "lazynet/train/cross_screen.hpp"

namespace lazynet::train {

/// The combined values of one target over all places that can be regulators.
struct CrossTarget {
    Index target = 0;
    std::vector<CrossEffect> effects;  ///< per place of CrossAxis::supported
};

/// The AnnData file of a comparison: phase by phase as io::ResultsFile wants it.
class CrossResults {
public:
    CrossResults(const mpi::Communicator& world, const std::string& path, const CrossAxis& axis,
                 const std::vector<CrossRun>& runs, const CrossOptions& options);
    /// Targets in order; a stretch of them at once. Not collective.
    void write(const std::vector<CrossTarget>& targets);
    /// Collective. @param shared_by edges shared per place as a regulator @param shared_of per gene as a target
    void finish(const CrossSummary& summary, const std::vector<std::int64_t>& shared_by,
                const std::vector<std::int64_t>& shared_of);

private:
    void describe(const std::vector<CrossRun>& runs, const CrossOptions& options);
    void write_pairs(const CrossSummary& summary);

    const mpi::Communicator& world_;
    const CrossAxis& axis_;
    io::ResultsFile file_;
    std::vector<Index> columns_;  ///< of `supported`: places that are genes
    Index kept_ = 0;
};

}  // namespace lazynet::train
