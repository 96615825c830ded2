#include <cmath>

#include "lazynet/train/pseudobulk_shard.hpp"

namespace lazynet::train {

double largest_penalty(const Pairs& pairs, const BlockTargets& block) {
    const Index n = pairs.size();
    const Eigen::Map<const VectorD> w(block.weights.data(), n);
    const Vector weights = w.cast<float>();
    const Vector mean = block.change.transpose() * weights / weights.sum();
    VectorD v = VectorD::Ones(static_cast<Index>(pairs.inputs.size())).normalized();
    double norm = 0.0;
    for (int iteration = 0; iteration < 30; ++iteration) {
        Vector moved = Vector::Zero(n);  // W D v
        for (Index p = 0; p < n; ++p) {
            const auto at = static_cast<std::size_t>(p);
            for (auto k = static_cast<std::size_t>(pairs.offsets[at]);
                 k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
                moved[p] += weights[p] * pairs.values[k] * static_cast<float>(v[pairs.columns[k]]);
            }
        }
        const Vector y = block.change.transpose() * moved - mean * moved.sum();
        const Vector back = block.change * y - Vector::Constant(n, mean.dot(y));
        VectorD next = VectorD::Zero(v.size());
        for (Index p = 0; p < n; ++p) {
            const auto at = static_cast<std::size_t>(p);
            for (auto k = static_cast<std::size_t>(pairs.offsets[at]);
                 k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
                next[pairs.columns[k]] += static_cast<double>(weights[p] * pairs.values[k] * back[p]);
            }
        }
        norm = std::sqrt(next.norm());
        v = next.normalized();
    }
    return norm;
}

}  // namespace lazynet::train
