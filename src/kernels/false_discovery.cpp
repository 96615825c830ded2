#include "lazynet/kernels/false_discovery.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace lazynet {

void adjust_p_values(std::span<float> p) {
    std::vector<std::uint32_t> order;
    order.reserve(p.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
        if (!std::isnan(p[i])) {
            order.push_back(static_cast<std::uint32_t>(i));
        }
    }
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return p[a] < p[b]; });
    const auto tests = static_cast<double>(order.size());
    double least = 1.0;
    for (std::size_t rank = order.size(); rank > 0; --rank) {  // from the largest p down
        float& value = p[order[rank - 1]];
        least = std::min(least, static_cast<double>(value) * tests / static_cast<double>(rank));
        value = static_cast<float>(least);
    }
}

}  // namespace lazynet
