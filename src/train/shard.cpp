#include "lazynet/train/shard.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>

#include "lazynet/kernels/adam.hpp"

namespace lazynet::train {
namespace {

std::span<float> entries(Matrix& m, Index begin, Index end) {
    return {m.data() + begin, static_cast<std::size_t>(end - begin)};
}

/// A later state counts as good as the best one while its error is within this share of it: validation errors of small
/// screens waver, and a replica that stops at random has effects shrunk at random.
constexpr double kTolerance = 0.02;
constexpr Index kWarmUp = 5;
constexpr double kLowestShare = 0.05;

}  // namespace

ShardOptimizer::ShardOptimizer(LazyNet initial)
    : net(std::move(initial)),
      da(Matrix::Zero(net.a.rows(), net.a.cols())),
      dc(Matrix::Zero(net.c.rows(), net.c.cols())),
      a_first_(da),
      a_second_(da),
      c_first_(dc),
      c_second_(dc) {}

void ShardOptimizer::step(double learning_rate, double l2) {
    const AdamStep adam(learning_rate, ++steps_);
    const auto penalty = static_cast<float>(l2);
    const Index weights = net.shape.inputs * net.shape.hidden();
    const auto update_a = [&](Index begin, Index end, float decay) {
        adam_update(adam, decay, entries(net.a, begin, end), entries(da, begin, end), entries(a_first_, begin, end),
                    entries(a_second_, begin, end));
    };
    update_a(0, weights, penalty);
    update_a(weights, net.a.size(), 0.0f);
    dc.col(net.shape.hidden()) -= 2.0f * penalty * net.c.col(net.shape.hidden());  // cancels the penalty on the bias
    adam_update(adam, penalty, entries(net.c, 0, net.c.size()), entries(dc, 0, dc.size()),
                entries(c_first_, 0, dc.size()), entries(c_second_, 0, dc.size()));
}

double scheduled_rate(double learning_rate, Index epoch, Index epochs) {
    const double warm = std::min(1.0, static_cast<double>(epoch) / static_cast<double>(std::min(kWarmUp, epochs)));
    const double done = static_cast<double>(epoch - 1) / static_cast<double>(epochs);
    const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * done));
    return learning_rate * warm * (kLowestShare + (1.0 - kLowestShare) * cosine);
}

void BestState::offer(const LazyNet& net, Index epoch, double criterion) {
    if (any_ && criterion > (1.0 + kTolerance) * least_) {
        return;
    }
    least_ = any_ && !std::isnan(criterion) ? std::min(least_, criterion) : criterion;
    any_ = true;
    net_ = net;
    epoch_ = epoch;
    criterion_ = criterion;
}

double criterion(const EpochRecord& record, double held_out_share) {
    if (std::isnan(record.seen)) {
        return record.held_out;
    }
    return std::isnan(record.held_out) ? record.seen
                                       : (1.0 - held_out_share) * record.seen + held_out_share * record.held_out;
}

}  // namespace lazynet::train
