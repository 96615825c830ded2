#include "lazynet/kernels/replica_sums.hpp"

#include <algorithm>

#include "lanes.hpp"

namespace lazynet {
namespace {

using lanes::load;
using lanes::Vec;

/// Vectors of columns at once: their four statistics stay in registers while the replicas pass by.
constexpr std::size_t kVectors = lanes::kWidth >= 16 ? 4 : 2;

template <bool kAllCount, std::size_t T>
void sum_columns(std::size_t at, std::span<const ReplicaRow> replicas, const ReplicaSums& out) {
    Vec mean[T] = {};
    Vec squares[T] = {};
    Vec signs[T] = {};
    Vec selected[T] = {};
    const Vec one = Vec{} + 1.0f;
    float counted = 0.0f;
    for (const ReplicaRow& replica : replicas) {
        const Vec equal = one * (1.0f / ++counted);
        for (std::size_t t = 0; t < T; ++t) {
            const std::size_t j = at + t * lanes::kWidth;
            const Vec x = load(replica.values + j);
            const Vec inverse = kAllCount ? equal : load(replica.inverse + j);
            const Vec counts = kAllCount ? one : (inverse > 0.0f ? one : Vec{});
            const Vec delta = x - mean[t];
            mean[t] += inverse * delta;
            squares[t] += counts * delta * (x - mean[t]);
            const Vec sign = (x > 0.0f ? one : Vec{}) - (x < 0.0f ? one : Vec{});
            signs[t] += counts * sign;
            selected[t] += counts * sign * sign;
        }
    }
    for (std::size_t t = 0; t < T; ++t) {
        const std::size_t j = at + t * lanes::kWidth;
        lanes::store(out.mean + j, mean[t]);
        lanes::store(out.squares + j, squares[t]);
        lanes::store(out.signs + j, signs[t]);
        lanes::store(out.selected + j, selected[t]);
    }
}

/// Fewer columns than a vector has: on a copy that is long enough.
void sum_few(std::size_t n, std::span<const ReplicaRow> replicas, const ReplicaSums& out) {
    float sums[4][lanes::kWidth] = {};
    for (const ReplicaRow& replica : replicas) {
        for (std::size_t j = 0; j < n; ++j) {
            const float x = replica.values[j];
            const float delta = x - sums[0][j];
            sums[0][j] += replica.inverse[j] * delta;
            const float counts = replica.inverse[j] > 0.0f ? 1.0f : 0.0f;
            sums[1][j] += counts * delta * (x - sums[0][j]);
            const float sign = (x > 0.0f ? 1.0f : 0.0f) - (x < 0.0f ? 1.0f : 0.0f);
            sums[2][j] += counts * sign;
            sums[3][j] += counts * sign * sign;
        }
    }
    std::copy_n(sums[0], n, out.mean);
    std::copy_n(sums[1], n, out.squares);
    std::copy_n(sums[2], n, out.signs);
    std::copy_n(sums[3], n, out.selected);
}

template <bool kAllCount>
void sum_many(std::size_t n, std::span<const ReplicaRow> replicas, const ReplicaSums& out) {
    constexpr std::size_t width = lanes::kWidth;
    std::size_t at = 0;
    for (; at + kVectors * width <= n; at += kVectors * width) {
        sum_columns<kAllCount, kVectors>(at, replicas, out);
    }
    for (; at < n; at += width) {  // the last vector overlaps the one before
        sum_columns<kAllCount, 1>(std::min(at, n - width), replicas, out);
    }
}

}  // namespace

void sum_replicas(Index n, std::span<const ReplicaRow> replicas, bool all_count, const ReplicaSums& out) {
    const auto columns = static_cast<std::size_t>(n);
    if (columns < static_cast<std::size_t>(lanes::kWidth)) {
        sum_few(columns, replicas, out);
    } else if (all_count) {
        sum_many<true>(columns, replicas, out);
    } else {
        sum_many<false>(columns, replicas, out);
    }
}

}  // namespace lazynet
