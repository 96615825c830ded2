#include "lazynet/kernels/normalize.hpp"

#include <algorithm>
#include <cmath>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

using Values = Eigen::Map<const Eigen::ArrayXf>;

/// Rows are taken in groups of about this many values, which stay in the first-level cache between the sweeps.
constexpr Index kGroup = 4096;

/// Terms are zero for a good value, positive or NaN for a bad one, so they cannot cancel in the sum.
bool all_good(const Values& v, Normalization kind) {
    if (kind == Normalization::none) {
        return (v.abs() <= kLargestPlainValue).all();
    }
    const float flaws =
        kind == Normalization::counts ? ((v.abs() - v) + (v - v.rint()).abs()).sum() : (v.abs() - v).sum();
    return flaws == 0.0F;
}

bool is_bad(float v, Normalization kind) {
    if (kind == Normalization::none) {
        return !(std::abs(v) <= kLargestPlainValue);
    }
    return !std::isfinite(v) || v < 0 || (kind == Normalization::counts && v != std::rint(v));
}

/// Sum of integers: exact, so its order and the alignment of the row do not matter.
double total_of(const Values& cell, float largest) {
    if (largest * static_cast<float>(kGroup) > 0x1p24F) {  // a float32 sum could round
        return cell.cast<double>().sum();
    }
    double total = 0;
    for (Index i = 0; i < cell.size(); i += kGroup) {
        total += static_cast<double>(cell.segment(i, std::min(kGroup, cell.size() - i)).sum());
    }
    return total;
}

float scale_of(std::span<const float> cell, float largest) {
    const double total = total_of(Values(cell.data(), static_cast<Index>(cell.size())), largest);
    return total > 0 ? static_cast<float>(kCountsPerCell / total) : 0.0F;
}

/// Checks groups of rows in order and hands each good one to `use(first row, last row, largest value)`, when the
/// values are counts. Returns the position of the first bad value, or -1.
template <typename Use>
Index for_each_group(std::span<const std::int64_t> offsets, std::span<const float> values, Normalization kind,
                     const Use& use) {
    const bool whole = kind == Normalization::counts;
    const std::size_t rows = offsets.empty() ? 0 : offsets.size() - 1;
    for (std::size_t first = 0, last = 0; first < rows; first = last) {
        while (last < rows && (last == first || offsets[last + 1] - offsets[first] <= kGroup)) {
            ++last;
        }
        const Values group(values.data() + offsets[first], offsets[last] - offsets[first]);
        if (!all_good(group, kind)) {
            const auto bad = std::find_if(group.begin(), group.end(), [&](float v) { return is_bad(v, kind); });
            return offsets[first] + (bad - group.begin());
        }
        if (whole) {
            use(first, last, group.size() == 0 ? 0.0F : group.maxCoeff());
        }
    }
    return -1;
}

}  // namespace

Index normalize_rows(std::span<const std::int64_t> offsets, std::span<float> values, Normalization kind) {
    return for_each_group(offsets, values, kind, [&](std::size_t first, std::size_t last, float largest) {
        for (std::size_t row = first; row < last; ++row) {
            const auto n = static_cast<std::size_t>(offsets[row + 1] - offsets[row]);
            const std::span<float> cell = values.subspan(static_cast<std::size_t>(offsets[row]), n);
            Eigen::Map<Eigen::ArrayXf>(cell.data(), static_cast<Index>(n)) *= scale_of(cell, largest);
        }
        const auto begin = static_cast<std::size_t>(offsets[first]);
        log1p_in_place(values.subspan(begin, static_cast<std::size_t>(offsets[last]) - begin));
    });
}

Index check_rows(std::span<const std::int64_t> offsets, std::span<const float> values, Normalization kind,
                 std::span<float> scales) {
    std::fill(scales.begin(), scales.end(), 1.0F);
    return for_each_group(offsets, values, kind, [&](std::size_t first, std::size_t last, float largest) {
        for (std::size_t row = first; row < last; ++row) {
            const auto n = static_cast<std::size_t>(offsets[row + 1] - offsets[row]);
            scales[row] = scale_of(values.subspan(static_cast<std::size_t>(offsets[row]), n), largest);
        }
    });
}

}  // namespace lazynet
