#include "lazynet/kernels/adam.hpp"

#include <cmath>

namespace lazynet {

AdamStep::AdamStep(double learning_rate, long step, double b1, double b2, double eps)
    : beta1(static_cast<float>(b1)),
      beta2(static_cast<float>(b2)),
      rate(static_cast<float>(learning_rate / (1.0 - std::pow(b1, static_cast<double>(step))))),
      scale2(static_cast<float>(1.0 / (1.0 - std::pow(b2, static_cast<double>(step))))),
      epsilon(static_cast<float>(eps)) {}

void adam_update(const AdamStep& step, float l2, std::span<float> parameters, std::span<float> gradient,
                 std::span<float> first_moment, std::span<float> second_moment) {
    float* __restrict p = parameters.data();
    float* __restrict g = gradient.data();
    float* __restrict m = first_moment.data();
    float* __restrict v = second_moment.data();
    const float decay = 2.0f * l2;
    const std::size_t n = parameters.size();
    for (std::size_t i = 0; i < n; ++i) {
        const float slope = g[i] + decay * p[i];
        const float first = step.beta1 * m[i] + (1.0f - step.beta1) * slope;
        const float second = step.beta2 * v[i] + (1.0f - step.beta2) * slope * slope;
        p[i] -= step.rate * first / (std::sqrt(second * step.scale2) + step.epsilon);
        m[i] = first;
        v[i] = second;
        g[i] = 0.0f;
    }
}

}  // namespace lazynet
