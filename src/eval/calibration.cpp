#include "lazynet/eval/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace lazynet::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kHundred = 100;

/// The hundredth that the truth falls into.
std::size_t place_of(double miss, double variance) {
    if (!(variance > 0.0)) {
        return miss == 0.0 ? 0 : CoverageCounts::kPlaces - 1;
    }
    const double probability = std::erf(std::abs(miss) / std::sqrt(2.0 * variance));
    return std::min(static_cast<std::size_t>(probability * kHundred), CoverageCounts::kPlaces - 1);
}

}  // namespace

CoverageCounts& CoverageCounts::operator+=(const CoverageCounts& other) {
    std::transform(places.begin(), places.end(), other.places.begin(), places.begin(), std::plus<>());
    return *this;
}

std::int64_t CoverageCounts::values() const {
    return std::accumulate(places.begin(), places.end(), std::int64_t{0});
}

double CoverageCounts::coverage(int nominal) const {
    const std::int64_t all = values();
    const std::int64_t inside = std::accumulate(places.begin(), places.begin() + nominal, std::int64_t{0});
    return all == 0 ? kNaN : static_cast<double>(inside) / static_cast<double>(all);
}

double CoverageCounts::expected_calibration_error() const {
    double sum = 0;
    for (int nominal = 1; nominal < kHundred; ++nominal) {
        sum += std::abs(coverage(nominal) - nominal / static_cast<double>(kHundred));
    }
    return sum / (kHundred - 1);
}

CoverageCounts count_coverage(const TrueProfiles& truth, const PredictedProfiles& predicted,
                              std::span<const Index> rows) {
    CoverageCounts counts;
    const bool has_error = truth.error.cols() > 0;
    for (const Index row : rows) {
        const std::vector<std::int32_t>& own = truth.own[static_cast<std::size_t>(row)];
        for (Index g = 0; g < truth.truth.cols(); ++g) {
            if (std::binary_search(own.begin(), own.end(), static_cast<std::int32_t>(g))) {
                continue;
            }
            const auto sd = static_cast<double>(predicted.sd(row, g));
            const double error = has_error ? static_cast<double>(truth.error(row, g)) : 0.0;
            const double miss = static_cast<double>(truth.truth(row, g)) - static_cast<double>(predicted.mean(row, g));
            if (!std::isfinite(miss)) {
                continue;
            }
            ++counts.places[place_of(miss, sd * sd + error * error)];
        }
    }
    return counts;
}

}  // namespace lazynet::eval
