#include "lazynet/kernels/moments.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

constexpr float kSumUnit = 0x1p24F;
constexpr int kSquareShift = 20;
constexpr double kSumStep = 0x1p-24;
constexpr double kSquareStep = 0x1p-28;

/// Terms made at a time: they stay in the first-level cache.
constexpr std::size_t kTerms = 256;
using Terms = std::array<Moments, kTerms>;

void make_terms(const float* values, std::size_t n, Moments* terms) {
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t q = static_cast<std::int32_t>(std::rint(values[i] * kSumUnit));
        terms[i].sum = q;
        terms[i].squares = (q * q + (std::int64_t{1} << (kSquareShift - 1))) >> kSquareShift;
    }
}

/// The terms of 0, 1, ..., largest counts in a cell of this scale.
void make_count_terms(float scale, std::uint8_t largest, Terms& terms) {
    std::array<float, kTerms> values;
    const std::size_t n = std::size_t{largest} + 1;
    for (std::size_t k = 0; k < n; ++k) {
        values[k] = static_cast<float>(k) * scale;
    }
    log1p_in_place(std::span(values.data(), n));
    make_terms(values.data(), n, terms.data());
}

}  // namespace

void add_values(std::span<const std::uint8_t> gaps, std::span<const float> values, Moments* row) {
    Terms terms;
    for (std::size_t first = 0; first < values.size(); first += kTerms) {
        const std::size_t n = std::min(kTerms, values.size() - first);
        make_terms(values.data() + first, n, terms.data());
        for (std::size_t i = 0; i < n; ++i) {
            row += gaps[first + i];
            *row += terms[i];
        }
    }
}

void add_counts(std::span<const std::uint8_t> gaps, std::span<const std::uint8_t> counts, float scale,
                std::uint8_t largest, Moments* row) {
    Terms terms;
    if (counts.size() > largest) {  // a term per possible count is less work than one per entry
        make_count_terms(scale, largest, terms);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            row += gaps[i];
            *row += terms[counts[i]];
        }
        return;
    }
    std::array<float, kTerms> values;  // counts.size() <= largest < kTerms
    std::transform(counts.begin(), counts.end(), values.begin(),
                   [&](std::uint8_t k) { return static_cast<float>(k) * scale; });
    const std::span<float> used(values.data(), counts.size());
    log1p_in_place(used);
    add_values(gaps, used, row);
}

void finish_moments(std::span<const Moments> row, Index cells, std::span<float> mean, std::span<float> variance) {
    const double per_cell = cells > 0 ? 1.0 / static_cast<double>(cells) : 0.0;
    const double per_freedom = cells > 1 ? 1.0 / static_cast<double>(cells - 1) : 0.0;
    for (std::size_t g = 0; g < row.size(); ++g) {
        const double sum = static_cast<double>(row[g].sum) * kSumStep;
        const double squares = static_cast<double>(row[g].squares) * kSquareStep;
        const double average = sum * per_cell;
        mean[g] = static_cast<float>(average);
        variance[g] = static_cast<float>(std::max(squares - sum * average, 0.0) * per_freedom);
    }
}

}  // namespace lazynet
