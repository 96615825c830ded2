#include "lazynet/data/simulator/cells.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lazynet/core/random.hpp"

namespace lazynet::simulator {
namespace {

constexpr Index kFactors = 5;     // two for the cell cycle, three others
constexpr double kCycling = 0.2;  // share of genes that follow the cell cycle
constexpr double kLargeMean = 30.0;

struct Ratio {
    double mean;
    double dispersion;
    /// p_k / p_(k-1)
    [[nodiscard]] double operator()(double k) const {
        return mean * (1.0 + dispersion * (k - 1.0)) / (k * (1.0 + dispersion * mean));
    }
};

double log_probability(double k, double mean, double dispersion) {
    if (dispersion == 0.0) {
        return k * std::log(mean) - mean - std::lgamma(k + 1.0);
    }
    const double size = 1.0 / dispersion;
    return std::lgamma(k + size) - std::lgamma(size) - std::lgamma(k + 1.0) - size * std::log1p(dispersion * mean) +
           k * std::log(dispersion * mean / (1.0 + dispersion * mean));
}

/// Takes the counts in the order mode, mode + 1, mode - 1, ... until their probabilities exceed the uniform number.
std::int64_t from_the_mode(double mean, double dispersion, double uniform) {
    const Ratio ratio{mean, dispersion};
    const double mode = std::floor(mean * (1.0 - std::min(1.0, dispersion)));
    double up = mode;
    double down = mode;
    double p_up = std::exp(log_probability(mode, mean, dispersion));
    double p_down = p_up;
    double left = uniform - p_up;
    while (left >= 0.0 && p_up + p_down > 1e-18) {
        up += 1.0;
        p_up *= ratio(up);
        left -= p_up;
        if (left < 0.0) {
            return static_cast<std::int64_t>(up);
        }
        p_down = down > 0.0 ? p_down / ratio(down) : 0.0;
        down -= 1.0;
        left -= p_down;
        if (left < 0.0) {
            return static_cast<std::int64_t>(down);
        }
    }
    return static_cast<std::int64_t>(mode);
}

/// log of the mean over a uniform phase of exp(a cos(phase)): the modified Bessel function I0.
double log_bessel0(double a) {
    return std::log(std::cyl_bessel_i(0.0, a));
}

}  // namespace

std::int64_t negative_binomial(double mean, double dispersion, double uniform) {
    if (uniform >= mean) {
        return 0;
    }
    if (mean > kLargeMean) {
        return from_the_mode(mean, dispersion, uniform);
    }
    const double log_zero = dispersion == 0.0 ? -mean : -std::log1p(dispersion * mean) / dispersion;
    const Ratio ratio{mean, dispersion};
    double p = std::exp(log_zero);
    double tail = -std::expm1(log_zero);  // P(count > k)
    double k = 0.0;
    while (uniform < tail && (k < mean || p > 1e-18)) {
        k += 1.0;
        p *= ratio(k);
        tail -= p;
    }
    return static_cast<std::int64_t>(k);
}

CellSampler::CellSampler(const CellOptions& options, Index genes, std::uint64_t seed)
    : options_(options), seed_(seed), rates_(genes), bits_(static_cast<std::size_t>(genes)) {
    if (options.cell_noise > 0.0) {
        loadings_.resize(kFactors, genes);
        correction_.resize(genes);
        const double other = options.cell_noise / std::sqrt(static_cast<double>(kFactors - 2));
        for (Index g = 0; g < genes; ++g) {
            const Random random(seed, "loadings", {g});
            const bool cycles = Random(seed, "cycling genes").uniform(static_cast<std::uint64_t>(g)) < kCycling;
            double variance = 0.0;
            for (Index f = 0; f < kFactors; ++f) {
                const double scale = f >= 2 ? other : cycles ? options.cell_noise : 0.0;
                const double loading = scale * random.normal(static_cast<std::uint64_t>(f));
                loadings_(f, g) = static_cast<float>(loading);
                variance += f >= 2 ? loading * loading : 0.0;
            }
            const double amplitude = std::numbers::sqrt2 * std::hypot(loadings_(0, g), loadings_(1, g));
            correction_[g] = static_cast<float>(variance / 2.0 + log_bessel0(amplitude));
        }
    }
    if (options.batches > 1 && options.batch_noise > 0.0) {
        batch_factor_.resize(options.batches, genes);
        for (Index b = 0; b < options.batches; ++b) {
            const Random random(seed, "batch factors", {b});
            for (Index g = 0; g < genes; ++g) {
                const double z = random.normal(static_cast<std::uint64_t>(g));
                batch_factor_(b, g) =
                    static_cast<float>(std::exp(options.batch_noise * (z - options.batch_noise / 2.0)));
            }
        }
    }
}

double CellSampler::library_size(Index cell) const {
    return options_.depth * std::exp(options_.depth_spread * Random(seed_, "library sizes", {cell}).normal(0));
}

Index CellSampler::batch(Index cell) const {
    return Random(seed_, "batches").below(static_cast<std::uint64_t>(cell), options_.batches);
}

bool CellSampler::escapes(Index cell) const {
    return Random(seed_, "escapes").uniform(static_cast<std::uint64_t>(cell)) < options_.escape_share;
}

void CellSampler::set_rates(Index cell, std::span<const float> expression) {
    const ConstVectorView base(expression.data(), static_cast<Index>(expression.size()));
    if (loadings_.size() == 0) {
        rates_ = base;
    } else {
        const Random random(seed_, "factors", {cell});
        const double phase = 2.0 * std::numbers::pi * random.uniform(0);
        Eigen::Matrix<float, kFactors, 1> z;
        z[0] = static_cast<float>(std::numbers::sqrt2 * std::cos(phase));
        z[1] = static_cast<float>(std::numbers::sqrt2 * std::sin(phase));
        for (Index f = 2; f < kFactors; ++f) {
            z[f] = static_cast<float>(random.normal(static_cast<std::uint64_t>(f)));
        }
        // Written out by rows of the loadings: one pass, no temporaries.
        rates_ = base.array() * (z[0] * loadings_.row(0) + z[1] * loadings_.row(1) + z[2] * loadings_.row(2) +
                                 z[3] * loadings_.row(3) + z[4] * loadings_.row(4) - correction_.transpose())
                                    .array()
                                    .exp()
                                    .transpose();
    }
    if (batch_factor_.size() != 0) {
        rates_.array() *= batch_factor_.row(batch(cell)).transpose().array();
    }
    rates_ *= static_cast<float>(library_size(cell) / static_cast<double>(rates_.sum()));
}

void CellSampler::draw(Index cell, std::span<const float> expression, std::vector<std::int32_t>& genes,
                       std::vector<float>& counts) {
    set_rates(cell, expression);
    Random(seed_, "counts", {cell}).fill(0, bits_);
    // Most rates are tiny, and a uniform number at or above the rate means zero. First a pass without branches over
    // the upper 24 random bits, which a float holds exactly, that keeps every gene that may be seen.
    candidates_.resize(bits_.size());
    std::size_t kept = 0;
    for (std::size_t g = 0; g < bits_.size(); ++g) {
        const float uniform = static_cast<float>(static_cast<std::int32_t>(bits_[g] >> 40)) * 0x1.0p-24F;
        candidates_[kept] = static_cast<std::int32_t>(g);
        kept += uniform <= rates_[static_cast<Index>(g)] ? 1U : 0U;
    }
    const double seen = 1.0 - options_.dropout;
    for (std::size_t i = 0; i < kept; ++i) {
        const auto g = static_cast<std::size_t>(candidates_[i]);
        const double uniform = static_cast<double>(bits_[g] >> 11) * 0x1.0p-53;
        if (uniform >= seen) {  // the share of the numbers that drop-out takes; the rest is stretched back to [0, 1)
            continue;
        }
        const std::int64_t n =
            negative_binomial(static_cast<double>(rates_[static_cast<Index>(g)]), options_.dispersion, uniform / seen);
        if (n > 0) {
            genes.push_back(candidates_[i]);
            counts.push_back(static_cast<float>(n));
        }
    }
}

double CellSampler::nonzero_share(std::span<const float> expression) const {
    const ConstVectorView base(expression.data(), static_cast<Index>(expression.size()));
    const double scale = options_.depth / base.cast<double>().sum();
    double seen = 0.0;
    for (const float e : expression) {
        const double mean = scale * static_cast<double>(e);
        seen -= std::expm1(options_.dispersion == 0.0 ? -mean
                                                      : -std::log1p(options_.dispersion * mean) / options_.dispersion);
    }
    return (1.0 - options_.dropout) * seen / static_cast<double>(expression.size());
}

}  // namespace lazynet::simulator
