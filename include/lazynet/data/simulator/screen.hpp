#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/data/simulator/cells.hpp"
#include "lazynet/data/simulator/kinetics.hpp"
#include "lazynet/data/simulator/network.hpp"
#include "lazynet/data/simulator/perturbations.hpp"
#include "lazynet/data/simulator/prior.hpp"

namespace lazynet::simulator {

struct ScreenOptions {
    Index cells = 2000;
    Index genes = 500;       ///< measured genes: the columns of the screen
    double tf_share = 0.08;  ///< share of genes that are transcription factors
    Index modules = -1;      ///< complexes; -1: one per 60 genes
    Index contexts = 1;
    double control_share = 0.1;
    double unmeasured_share = 0.0;  ///< share of the perturbed genes that are no column of the screen
    PerturbationCounts perturbations;
    GuideOptions guides;
    CellOptions sampling;
    PriorOptions prior;
    std::uint64_t seed = 0;
};

/// Checks ranges, naming the option. @throws UserError
void validate(const ScreenOptions& options);

/// A perturbation, or none, in a context.
struct SimulatedCondition {
    Index perturbation = -1;  ///< index into SyntheticScreen::perturbations(); -1: control
    Index context = 0;
    Index cells = 0;
    bool held_out = false;
};

/// A screen in which everything is known: network, steady states, and cells drawn on demand.
///
/// Holds the network, each condition's changed levels and a few vectors over genes and cells, never a matrix of cells
/// and genes. The same options give the same screen wherever and in whatever order its parts are asked for.
///
/// Expression of a gene = its scale (log-normal over genes) * its level (steady state). Relative to the sum over the
/// measured genes that is the expected share of a cell's counts, so the true log1p(CP10k) has a closed form.
class SyntheticScreen {
public:
    /// @throws UserError, see validate and the parts
    explicit SyntheticScreen(const ScreenOptions& options);

    [[nodiscard]] const ScreenOptions& options() const { return options_; }
    [[nodiscard]] const Network& network() const { return network_; }
    [[nodiscard]] const std::vector<Perturbation>& perturbations() const { return perturbations_; }
    /// Per context: the control, then every perturbation in plan order.
    [[nodiscard]] const std::vector<SimulatedCondition>& conditions() const { return conditions_; }
    [[nodiscard]] std::string label(const SimulatedCondition& condition) const;
    [[nodiscard]] std::string context_name(Index context) const { return "context" + std::to_string(context + 1); }
    /// Network genes that are measured, ascending; the columns.
    [[nodiscard]] const std::vector<std::int32_t>& measured() const { return measured_; }
    [[nodiscard]] std::string name(std::int32_t gene) const { return gene_name(gene, network_.genes()); }
    /// Per cell: index into conditions().
    [[nodiscard]] const std::vector<std::int32_t>& cell_condition() const { return cell_condition_; }

    /// Relative expression of the measured genes in a condition; sums to 1.
    void expression(Index condition, std::span<float> out) const;
    /// Noise-free log1p(CP10k) of the measured genes in a condition.
    void truth(Index condition, std::span<float> out) const;
    /// Appends the counts of one cell: columns, ascending, and counts. Uses scratch, hence not const.
    void draw(Index cell, std::vector<std::int32_t>& columns, std::vector<float>& counts);
    [[nodiscard]] const CellSampler& sampler() const { return sampler_; }

private:
    void solve();
    void choose_measured();
    void assign_cells();
    [[nodiscard]] std::vector<double> basal(Index context) const;
    /// Scale times level of the measured genes; returns their sum.
    double unscaled_expression(Index condition, std::span<float> out) const;

    ScreenOptions options_;
    Network network_;
    std::vector<double> scale_;                   // per network gene
    std::vector<std::vector<double>> wild_type_;  // per context: levels
    std::vector<Perturbation> perturbations_;
    std::vector<SimulatedCondition> conditions_;
    std::vector<std::vector<LevelChange>> changes_;  // per condition
    std::vector<std::int32_t> measured_;
    std::vector<std::int32_t> column_;                 // per network gene: its column, or -1
    std::vector<std::vector<float>> wild_expression_;  // per context: scale times level of the measured genes
    std::vector<double> wild_sum_;                     // per context: its sum
    std::vector<std::int32_t> cell_condition_;
    CellSampler sampler_;
    std::vector<float> expression_;  // scratch
};

/// Splits `total` into whole parts in proportion to the weights, each at least `least`: largest remainders first,
/// ties to the lower index. @pre total >= least * weights.size(), weights > 0
std::vector<Index> apportion(std::span<const double> weights, Index total, Index least);

}  // namespace lazynet::simulator
