#include "lazynet/kernels/rank_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lazynet {
namespace {

/// t^3 - t of a tie of t values.
double tie_term(double t) {
    return t * (t * t - 1);
}

/// n^3 - n less the tie term of `zeros` of the n values: factored, so that nothing cancels when nearly all are zero.
double untied_by_zeros(double n, double zeros) {
    return (n - zeros) * (n * n + n * zeros + zeros * zeros - 1);
}

/// @param untied n^3 - n less all tie terms, n = a + b
double two_sided_p(double u, double a, double b, double untied) {
    const double n = a + b;
    const double sd = std::sqrt(std::max(a * b / 12 * untied / (n * (n - 1)), 0.0));
    const double distance = std::abs(u - a * b / 2) - 0.5;
    if (sd == 0.0) {  // all values are equal
        return 1.0;
    }
    return std::min(std::erfc(distance / sd / std::numbers::sqrt2), 1.0);
}

}  // namespace

void RankSumReference::assign(std::span<const float> positive, Index cells) {
    cells_ = cells;
    ties_ = 0;
    values_.clear();
    below_.clear();
    const std::int64_t zeros = cells - static_cast<std::int64_t>(positive.size());
    for (std::size_t i = 0; i < positive.size();) {
        const std::size_t first = i;
        while (i < positive.size() && positive[i] == positive[first]) {
            ++i;
        }
        values_.push_back(positive[first]);
        below_.push_back(zeros + static_cast<std::int64_t>(first));
        ties_ += tie_term(static_cast<double>(i - first));
    }
    below_.push_back(cells);
}

/// Binary search without branches: which half it goes to cannot be foreseen.
std::size_t RankSumReference::first_from(float value, std::size_t begin) const {
    const float* at = values_.data() + begin;
    std::size_t n = values_.size() - begin;
    while (n > 0) {
        const std::size_t half = n / 2;
        at += at[half] < value ? n - half : 0;
        n = half;
    }
    return static_cast<std::size_t>(at - values_.data());
}

RankSum RankSumReference::test(std::span<const float> positive, Index cells) const {
    if (cells_ == 0 || cells == 0) {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();
        return {none, none};
    }
    const std::int64_t own_zeros = cells - static_cast<std::int64_t>(positive.size());
    const std::int64_t reference_zeros = below_.front();
    std::int64_t twice_u = own_zeros * reference_zeros;
    double ties = ties_;
    std::size_t place = 0;
    for (std::size_t i = 0; i < positive.size();) {
        const std::size_t first = i;
        while (i < positive.size() && positive[i] == positive[first]) {
            ++i;
        }
        const auto times = static_cast<std::int64_t>(i - first);
        place = first_from(positive[first], place);
        const bool shared = place < values_.size() && values_[place] == positive[first];
        const std::int64_t equal = shared ? below_[place + 1] - below_[place] : 0;
        twice_u += times * (2 * below_[place] + equal);
        ties += tie_term(static_cast<double>(times + equal)) - tie_term(static_cast<double>(equal));
    }
    const auto a = static_cast<double>(cells);
    const auto b = static_cast<double>(cells_);
    const double untied = untied_by_zeros(a + b, static_cast<double>(own_zeros + reference_zeros)) - ties;
    const double u = static_cast<double>(twice_u) / 2;
    return {u, two_sided_p(u, a, b, untied)};
}

}  // namespace lazynet
