#include "lazynet/data/variable_genes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace lazynet {
namespace {

constexpr std::size_t kBins = 20;

struct Bin {
    double genes = 0;
    double sum = 0;
    double squares = 0;  ///< of deviations from the bin's mean
    [[nodiscard]] double mean() const { return sum / genes; }
    [[nodiscard]] double deviation() const { return std::sqrt(squares / (genes - 1)); }
};

/// Bin of each gene by its mean; kBins for genes that have no dispersion.
std::vector<std::size_t> bins_of(std::span<const double> mean, std::span<const double> variance) {
    double low = std::numeric_limits<double>::infinity();
    double high = 0;
    for (std::size_t g = 0; g < mean.size(); ++g) {
        if (mean[g] > 0 && variance[g] > 0) {
            low = std::min(low, mean[g]);
            high = std::max(high, mean[g]);
        }
    }
    std::vector<std::size_t> bins(mean.size(), kBins);
    for (std::size_t g = 0; g < mean.size(); ++g) {
        if (mean[g] > 0 && variance[g] > 0) {
            const double place = high > low ? (mean[g] - low) / (high - low) : 0.0;
            bins[g] = std::min(static_cast<std::size_t>(place * static_cast<double>(kBins)), kBins - 1);
        }
    }
    return bins;
}

}  // namespace

std::vector<double> standardised_dispersions(std::span<const double> mean, std::span<const double> variance) {
    const std::vector<std::size_t> bin_of = bins_of(mean, variance);
    std::array<Bin, kBins + 1> bins;
    std::vector<double> score(mean.size());
    for (std::size_t g = 0; g < mean.size(); ++g) {
        score[g] = bin_of[g] == kBins ? 0.0 : std::log(variance[g] / mean[g]);
        bins[bin_of[g]].genes += 1;
        bins[bin_of[g]].sum += score[g];
    }
    for (std::size_t g = 0; g < mean.size(); ++g) {
        Bin& bin = bins[bin_of[g]];
        bin.squares += (score[g] - bin.mean()) * (score[g] - bin.mean());
    }
    for (std::size_t g = 0; g < mean.size(); ++g) {
        const Bin& bin = bins[bin_of[g]];
        if (bin_of[g] == kBins) {
            score[g] = -std::numeric_limits<double>::infinity();
        } else {
            score[g] = bin.genes > 1 && bin.squares > 0 ? (score[g] - bin.mean()) / bin.deviation()
                                                        : (bin.genes > 1 ? 0.0 : 1.0);
        }
    }
    return score;
}

std::vector<Index> most_variable(std::span<const double> mean, std::span<const double> variance, Index n,
                                 std::span<const Index> always) {
    const std::vector<double> score = standardised_dispersions(mean, variance);
    std::vector<Index> order(mean.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
        return score[static_cast<std::size_t>(a)] > score[static_cast<std::size_t>(b)];
    });
    order.resize(std::min(order.size(), static_cast<std::size_t>(n)));
    order.insert(order.end(), always.begin(), always.end());
    std::sort(order.begin(), order.end());
    order.erase(std::unique(order.begin(), order.end()), order.end());
    return order;
}

}  // namespace lazynet
