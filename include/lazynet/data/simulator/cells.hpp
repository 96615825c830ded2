#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet::simulator {

struct CellOptions {
    double depth = 5000.0;       ///< median number of transcripts counted per cell
    double depth_spread = 0.35;  ///< standard deviation of the log library size
    double dispersion = 0.2;     ///< variance of a count = mean + dispersion * mean^2; 0: Poisson
    double dropout = 0.0;        ///< chance that all transcripts of a gene are lost in a cell
    double cell_noise = 0.25;    ///< standard deviation of log expression that latent factors cause
    double batch_noise = 0.1;    ///< standard deviation of log expression between batches
    double escape_share = 0.0;   ///< share of perturbed cells whose guide did nothing
    Index batches = 1;
};

/// A negative-binomial count (Poisson when dispersion is 0) with the given mean, by inversion of one uniform number.
///
/// Exact in distribution: a uniform below P(count > 0) is walked down the probabilities p_k, with p_k / p_(k-1) =
/// mean (1 + dispersion (k - 1)) / (k (1 + dispersion mean)), from 0 upward, or for large means outward from the
/// mode. A uniform number at or above the mean is a zero without further work, as P(count > 0) <= mean.
/// @pre 0 <= uniform < 1
std::int64_t negative_binomial(double mean, double dispersion, double uniform);

/// Draws the cells of a screen. Every number depends on the seed, the cell and the gene only.
///
/// A cell's rates are its condition's expression, times its batch's factors, times exp(loadings . factors): two
/// factors are the phase of the cell cycle, to which a fifth of the genes listen, the others are normal and reach
/// all genes. Factors leave a gene's mean as it is. Rates are scaled to the cell's library size, a log-normal.
class CellSampler {
public:
    CellSampler(const CellOptions& options, Index genes, std::uint64_t seed);

    /// Expected number of counted transcripts.
    [[nodiscard]] double library_size(Index cell) const;
    [[nodiscard]] Index batch(Index cell) const;
    /// Whether a perturbed cell escaped its perturbation.
    [[nodiscard]] bool escapes(Index cell) const;
    /// Draws one cell and appends the genes that were seen, ascending, and their counts.
    /// @param expression relative expression per gene, any scale, positive sum
    void draw(Index cell, std::span<const float> expression, std::vector<std::int32_t>& genes,
              std::vector<float>& counts);
    /// Expected share of non-zero counts at the median depth, without latent factors.
    [[nodiscard]] double nonzero_share(std::span<const float> expression) const;

private:
    void set_rates(Index cell, std::span<const float> expression);

    CellOptions options_;
    std::uint64_t seed_;
    Matrix loadings_;      // factors x genes; no rows without cell noise
    Vector correction_;    // genes: the log of the mean of exp(loadings . factors)
    Matrix batch_factor_;  // batches x genes; no rows with one batch
    Vector rates_;         // scratch: expected counts of the cell
    std::vector<std::uint64_t> bits_;
    std::vector<std::int32_t> candidates_;
};

}  // namespace lazynet::simulator
