// Shards, trained and in training, as bytes and back.
#include "lazynet/core/error.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {
namespace {

void pack(const LazyNet& net, Packer& packer) {
    packer.index(net.shape.inputs);
    packer.index(net.shape.sums);
    packer.index(net.shape.products);
    packer.index(net.shape.outputs);
    packer.number(static_cast<double>(net.shape.u_max));
    packer.matrix(net.a);
    packer.matrix(net.c);
}

LazyNet unpack_net(Unpacker& unpacker) {
    LazyNet net;
    net.shape.inputs = unpacker.index();
    net.shape.sums = unpacker.index();
    net.shape.products = unpacker.index();
    net.shape.outputs = unpacker.index();
    net.shape.u_max = static_cast<float>(unpacker.number());
    net.a = unpacker.matrix();
    net.c = unpacker.matrix();
    return net;
}

}  // namespace

void pack(const TrainedShard& shard, Packer& packer) {
    pack(shard.net, packer);
    packer.values(std::span<const double>(shard.slopes.data(), static_cast<std::size_t>(shard.slopes.size())));
    packer.values(shard.support);
    packer.values(shard.history);
    packer.index(shard.best_epoch);
    packer.number(shard.best);
    packer.number(shard.seconds);
}

TrainedShard unpack_trained(Unpacker& unpacker) {
    TrainedShard shard;
    shard.net = unpack_net(unpacker);
    const auto slopes = unpacker.values<double>();
    shard.slopes = Eigen::Map<const VectorD>(slopes.data(), static_cast<Index>(slopes.size()));
    shard.support = unpacker.values<std::int32_t>();
    shard.history = unpacker.values<EpochRecord>();
    shard.best_epoch = unpacker.index();
    shard.best = unpacker.number();
    shard.seconds = unpacker.number();
    return shard;
}

void ShardOptimizer::save(const Moments& moments, Packer& packer) {
    packer.values(moments.first);
    packer.values(moments.second);
    packer.values(moments.left);
    packer.index(moments.decayed);
}

void ShardOptimizer::load(Unpacker& unpacker, Moments& moments) {
    moments.first = unpacker.values<float>();
    moments.second = unpacker.values<float>();
    moments.left = unpacker.values<std::int32_t>();
    moments.decayed = unpacker.index();
    moments.weights.resize(moments.left.size());
    moments.slopes.resize(moments.left.size());
}

void ShardOptimizer::save(Packer& packer) const {
    pack(net, packer);
    packer.index(steps_);
    save(a_, packer);
    save(c_, packer);
    packer.matrix(mask_.a);
    packer.matrix(mask_.c);
}

void ShardOptimizer::load(Unpacker& unpacker) {
    LazyNet saved = unpack_net(unpacker);
    if (saved.shape != net.shape) {
        throw InternalError("a saved shard has another shape than the one it is to become");
    }
    net = std::move(saved);
    steps_ = static_cast<long>(unpacker.index());
    load(unpacker, a_);
    load(unpacker, c_);
    mask_.a = unpacker.matrix();
    mask_.c = unpacker.matrix();
}

void BestState::save(Packer& packer) const {
    packer.index(epoch_);
    packer.number(criterion_);
    packer.number(least_);
    packer.index(any_ ? 1 : 0);
    pack(net_, packer);
}

void BestState::load(Unpacker& unpacker) {
    epoch_ = unpacker.index();
    criterion_ = unpacker.number();
    least_ = unpacker.number();
    any_ = unpacker.index() != 0;
    net_ = unpack_net(unpacker);
}

}  // namespace lazynet::train
