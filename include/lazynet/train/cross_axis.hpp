#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/run_file.hpp"

namespace lazynet::train {

/// The genes of several runs on one axis, matched by name: first all that are measured in some run, in the order of
/// their first appearance, then perturbed genes that no run measures.
class CrossAxis {
public:
    /// Where one run's genes are on the axis, and the reverse.
    struct Run {
        std::vector<Index> row;        ///< per axis target: the run's row, -1 when it is not measured there
        std::vector<Index> regulator;  ///< per regulator of the run: its place on the axis
        std::vector<bool> supported;   ///< per place on the axis: the run could estimate it as a regulator
    };

    explicit CrossAxis(const std::vector<io::RunFile>& runs);

    [[nodiscard]] const std::vector<std::string>& genes() const { return genes_; }
    [[nodiscard]] const std::vector<std::string>& unmeasured() const { return unmeasured_; }
    [[nodiscard]] Index targets() const { return static_cast<Index>(genes_.size()); }
    [[nodiscard]] Index regulators() const { return static_cast<Index>(genes_.size() + unmeasured_.size()); }
    [[nodiscard]] const std::string& name(Index j) const;
    [[nodiscard]] const Run& run(Index k) const { return runs_[static_cast<std::size_t>(k)]; }
    [[nodiscard]] Index runs() const { return static_cast<Index>(runs_.size()); }
    /// Places that some run supports as regulators, ascending.
    [[nodiscard]] const std::vector<Index>& supported() const { return supported_; }

private:
    std::vector<std::string> genes_;
    std::vector<std::string> unmeasured_;
    std::vector<Run> runs_;
    std::vector<Index> supported_;
};

}  // namespace lazynet::train
