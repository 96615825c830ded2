#include "lazynet/train/cross_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lazynet::train {
namespace {

struct Weighted {
    double weight = 0.0;
    double sum = 0.0;
    [[nodiscard]] double mean() const { return weight > 0.0 ? sum / weight : 0.0; }
    [[nodiscard]] double variance() const { return weight > 0.0 ? 1.0 / weight : 0.0; }
    void add(const CrossValue& value) {
        const double w = 1.0 / (value.sd * value.sd);
        weight += w;
        sum += w * value.mean;
    }
};

/// Whether the only certain screen differs from what the others say together. Others whose replicas all left the edge
/// out say 0.
bool differs(std::span<const CrossValue> values, const CrossValue& own, const CrossOptions& options) {
    Weighted others;
    bool left_out = false;
    for (const CrossValue& value : values) {
        if (value.screen != own.screen) {
            left_out |= value.sd == 0.0 && value.mean == 0.0;
            if (value.sd > 0.0) {
                others.add(value);
            }
        }
    }
    if (others.weight == 0.0 && !left_out) {
        return false;
    }
    return std::abs(own.mean - others.mean()) >= options.certainty * std::sqrt(own.sd * own.sd + others.variance());
}

void average(std::span<const CrossValue> values, CrossEffect& effect) {
    Weighted all;
    Index used = 0;
    for (const CrossValue& value : values) {
        if (value.sd > 0.0) {
            all.add(value);
            effect.evidence += (value.mean / value.sd) * (value.mean / value.sd);
            ++used;
        }
    }
    effect.evidence = std::sqrt(effect.evidence);
    effect.mean = all.mean();
    effect.sd = std::sqrt(all.variance());
    for (const CrossValue& value : values) {
        if (value.sd > 0.0) {
            const double z = (value.mean - effect.mean) / value.sd;
            effect.q += z * z;
        }
    }
    const double freedom = static_cast<double>(used) - 1.0;
    effect.i2 = effect.q > freedom && freedom > 0.0 ? (effect.q - freedom) / effect.q : 0.0;
}

}  // namespace

bool CrossValue::certain(const CrossOptions& options) const {
    return sd > 0.0 && std::abs(mean) >= options.certainty * sd && sign_agreement >= options.sign_agreement;
}

CrossEffect combine_screens(std::span<const CrossValue> values, Index estimable, const CrossOptions& options) {
    CrossEffect effect;
    effect.estimable = estimable;
    average(values, effect);
    const CrossValue* strongest = nullptr;
    bool up = false;
    bool down = false;
    for (const CrossValue& value : values) {
        if (!value.certain(options)) {
            continue;
        }
        ++effect.certain;
        (value.mean > 0.0 ? up : down) = true;
        if (strongest == nullptr || std::abs(value.mean) * strongest->sd > std::abs(strongest->mean) * value.sd) {
            strongest = &value;
        }
    }
    if (strongest == nullptr) {
        return effect;
    }
    effect.strongest = strongest->screen;
    if (effect.certain > 1) {
        effect.kind = up && down ? CrossKind::opposite : CrossKind::shared;
    } else if (estimable < 2) {
        effect.kind = CrossKind::untestable;
    } else {
        effect.kind = differs(values, *strongest, options) ? CrossKind::own : CrossKind::unclear;
    }
    return effect;
}

void CrossMoments::add(double a, double b) {
    n += 1.0;
    x += a;
    y += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
}

double CrossMoments::correlation() const {
    const double vx = xx - x * x / n;
    const double vy = yy - y * y / n;
    return n > 1.0 && vx > 0.0 && vy > 0.0 ? (xy - x * y / n) / std::sqrt(vx * vy)
                                           : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace lazynet::train
