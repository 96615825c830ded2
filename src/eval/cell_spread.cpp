#include "lazynet/eval/cell_spread.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lazynet::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// @param sorted at least one
double quantile(std::span<const float> sorted, double q) {
    const double at = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const double low = static_cast<double>(sorted[below]);
    const double high = static_cast<double>(sorted[std::min(below + 1, sorted.size() - 1)]);
    return low + (high - low) * (at - static_cast<double>(below));
}

/// Share of the genes that any cell expresses whose value lies in [low, high].
template <typename Low, typename High>
double share_within(const std::vector<GeneSpread>& genes, const auto& value, Low low, High high) {
    double expressed = 0;
    double within = 0;
    for (const GeneSpread& gene : genes) {
        if (gene.min == 0 && gene.max == 0) {
            continue;
        }
        const double v = static_cast<double>(value(gene.gene));
        expressed += 1;
        within += gene.*low <= v && v <= gene.*high ? 1 : 0;
    }
    return expressed > 0 ? within / expressed : kNone;
}

/// mean_sigma, frac_sigma_below_1, frac_sigma_below_2
std::array<double, 3> sigmas(const std::vector<GeneSpread>& genes, const auto& value) {
    double n = 0;
    double sum = 0;
    std::array<double, 2> above{};
    for (const GeneSpread& gene : genes) {
        if (gene.sd > 0) {
            const double sigma = std::abs(static_cast<double>(value(gene.gene)) - gene.mean) / gene.sd;
            n += 1;
            sum += sigma;
            above[0] += sigma > 1 ? 1 : 0;
            above[1] += sigma > 2 ? 1 : 0;
        }
    }
    return n > 0 ? std::array{sum / n, 1 - above[0] / n, 1 - above[1] / n} : std::array{kNone, kNone, kNone};
}

}  // namespace

std::vector<Measure> spread_measure_list() {
    const std::string of = "share of the 20 DE genes (some cell expresses) with the predicted mean between ";
    const std::string sigma = "|predicted mean - mean of real cells| / sd of real cells, 20 DE genes with sd > 0: ";
    return {{"gears_frac_in_range", true, 1.0, of + "the least and the largest real cell"},
            {"gears_frac_in_range_45_55", true, kNone, of + "the 45 % and 55 % quantiles of real cells"},
            {"gears_frac_in_range_40_60", true, kNone, of + "the 40 % and 60 % quantiles of real cells"},
            {"gears_frac_in_range_25_75", true, kNone, of + "the quartiles of real cells"},
            {"gears_mean_sigma", false, 0.0, sigma + "mean"},
            {"gears_frac_sigma_below_1", true, 1.0, sigma + "share of at most 1"},
            {"gears_frac_sigma_below_2", true, 1.0, sigma + "share of at most 2"}};
}

GeneSpread spread_of(std::int32_t gene, std::span<float> values) {
    std::ranges::sort(values);
    GeneSpread spread;
    spread.gene = gene;
    const auto n = static_cast<double>(values.size());
    for (const float v : values) {
        spread.mean += static_cast<double>(v) / n;
    }
    for (const float v : values) {
        const double apart = static_cast<double>(v) - spread.mean;
        spread.sd += apart * apart / n;
    }
    const bool constant = values.front() == values.back();
    spread.sd = constant ? 0.0 : std::sqrt(spread.sd);
    spread.min = static_cast<double>(values.front());
    spread.max = static_cast<double>(values.back());
    spread.q25 = quantile(values, 0.25);
    spread.q40 = quantile(values, 0.40);
    spread.q45 = quantile(values, 0.45);
    spread.q55 = quantile(values, 0.55);
    spread.q60 = quantile(values, 0.60);
    spread.q75 = quantile(values, 0.75);
    return spread;
}

MeasureTable spread_measures(const std::vector<std::vector<GeneSpread>>& spreads, const PredictedProfiles& predicted) {
    MeasureTable table{spread_measure_list(), {}};
    table.values.resize(static_cast<Index>(spreads.size()), static_cast<Index>(table.measures.size()));
    for (std::size_t row = 0; row < spreads.size(); ++row) {
        const auto& genes = spreads[row];
        const auto value = [&](std::int32_t gene) { return predicted.mean(static_cast<Index>(row), gene); };
        const auto [mean_sigma, below_1, below_2] = sigmas(genes, value);
        table.values.row(static_cast<Index>(row)) << share_within(genes, value, &GeneSpread::min, &GeneSpread::max),
            share_within(genes, value, &GeneSpread::q45, &GeneSpread::q55),
            share_within(genes, value, &GeneSpread::q40, &GeneSpread::q60),
            share_within(genes, value, &GeneSpread::q25, &GeneSpread::q75), mean_sigma, below_1, below_2;
    }
    return table;
}

}  // namespace lazynet::eval
