#include "lazynet/kernels/normalize.hpp"

#include <algorithm>
#include <cmath>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

using Values = Eigen::Map<Eigen::ArrayXf>;

/// Rows are taken in groups of about this many values, which stay in the first-level cache between the sweeps.
constexpr Index kGroup = 4096;

/// Terms are zero for a good value, positive or NaN for a bad one, so they cannot cancel in the sum.
bool all_good(const Values& v, bool whole) {
    const float flaws = whole ? ((v.abs() - v) + (v - v.rint()).abs()).sum() : (v.abs() - v).sum();
    return flaws == 0.0F;
}

bool is_bad(float v, bool whole) {
    return !std::isfinite(v) || v < 0 || (whole && v != std::rint(v));
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

}  // namespace

Index normalize_rows(std::span<const std::int64_t> offsets, std::span<float> values, Normalization kind) {
    const bool whole = kind == Normalization::counts;
    const std::size_t rows = offsets.empty() ? 0 : offsets.size() - 1;
    for (std::size_t first = 0, last = 0; first < rows; first = last) {
        while (last < rows && (last == first || offsets[last + 1] - offsets[first] <= kGroup)) {
            ++last;
        }
        Values group(values.data() + offsets[first], offsets[last] - offsets[first]);
        if (!all_good(group, whole)) {
            const auto bad = std::find_if(group.begin(), group.end(), [&](float v) { return is_bad(v, whole); });
            return offsets[first] + (bad - group.begin());
        }
        if (!whole) {
            continue;
        }
        const float largest = group.size() == 0 ? 0.0F : group.maxCoeff();
        for (std::size_t row = first; row < last; ++row) {
            Values cell(values.data() + offsets[row], offsets[row + 1] - offsets[row]);
            const double total = total_of(cell, largest);
            cell *= total > 0 ? static_cast<float>(kCountsPerCell / total) : 0.0F;
        }
        log1p_in_place(std::span(group.data(), static_cast<std::size_t>(group.size())));
    }
    return -1;
}

}  // namespace lazynet
