#include "lazynet/train/prune_rounds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "random_matrix.hpp"

namespace lazynet::train {
namespace {

constexpr Index kGenes = 60, kBlocks = 4, kReplicas = 3, kInputs = 20, kSums = 5, kProducts = 3;

/// A shard that stands still: random weights, rounded so that many are equal; one input in four moves nothing.
class StillShard : public ReplicaTraining {
public:
    StillShard(const ShardId& id, bool ties) : optimizer_(made_up(id, ties)), support_(kInputs, 3) {
        for (std::size_t j = 0; j < support_.size(); j += 4) {
            support_[j] = 0;
        }
    }
    [[nodiscard]] Index shards() const override { return 1; }
    void advance(Index, bool, const EpochCallback&, const std::function<void()>&) override {}
    void save(Index, Packer&) const override {}
    void load(Index, Unpacker&) override {}
    ShardOptimizer& optimizer(Index) override { return optimizer_; }
    [[nodiscard]] const std::vector<std::int32_t>& support(Index) const override { return support_; }
    void forget_best(Index) override {}
    void rest() override {}
    [[nodiscard]] double resting_bytes() const override { return 0.0; }
    TrainedShard finish(Index) override { return {}; }

private:
    static LazyNet made_up(const ShardId& id, bool ties) {
        const LazyNetShape shape{kInputs, kSums, kProducts, id.genes.size(), 1.5f};
        LazyNet net(shape, Random(1, "a"), 1.0f);
        net.a = random_matrix(kInputs + 1, shape.hidden(), Random(2, "a", {id.replica, id.block}));
        net.c = random_matrix(shape.outputs, shape.width(), Random(2, "c", {id.replica, id.block}));
        if (ties) {
            net.a = net.a.array().round();
            net.c = net.c.array().round();
        }
        return net;
    }
    ShardOptimizer optimizer_;
    std::vector<std::int32_t> support_;
};

PruneKnowledge made_up_knowledge() {
    PruneKnowledge knowledge;
    knowledge.prior.resize(kInputs, kGenes);
    const Random random(3, "prior");
    for (std::uint64_t k = 0; k < 90; ++k) {
        knowledge.prior.coeffRef(random.below(2 * k, kInputs), random.below(2 * k + 1, kGenes)) = 1.0f;
    }
    return knowledge;
}

TrainConfig config_for(prune::Method method, prune::Scope scope) {
    TrainConfig config;
    config.hidden_sums = kSums;
    config.hidden_products = kProducts;
    config.epochs = 100;
    config.prior = "made up";
    config.prune.method = method;
    config.prune.scope = scope;
    config.prune.start = 10;
    config.prune.every = 10;
    config.prune.until = 30;
    config.resolve();
    return config;
}

/// This rank's shards after some rounds.
struct Pruned {
    Plan plan;
    std::vector<std::unique_ptr<StillShard>> shards;
    std::vector<ShardInTraining> mine;
    std::vector<RoundRecord> records;

    Pruned(const mpi::Communicator& world, const TrainConfig& config, bool ties)
        : plan(kGenes, kBlocks, kReplicas, world.size()) {
        const Range own = plan.shards_of(world.rank());
        for (Index s = own.begin; s < own.end; ++s) {
            shards.push_back(std::make_unique<StillShard>(plan.shard(s), ties));
            mine.push_back({s, shards.back().get(), 0});
        }
        PruneRounds rounds(world, plan, config, made_up_knowledge(), kReplicas);
        for (const Index epoch : {10, 20, 30}) {
            rounds(epoch, mine);
        }
        records = rounds.records();
    }
    const LazyNetMask& mask(std::size_t k) const { return shards[k]->optimizer(0).mask(); }
};

std::int64_t gone(const Matrix& mask) {
    return (mask.array() == 0.0f).count();
}

struct Case {
    prune::Method method;
    prune::Scope scope;
    bool ties;
};

const Case kCases[] = {
    {prune::Method::magnitude, prune::Scope::replica, true}, {prune::Method::magnitude, prune::Scope::ensemble, true},
    {prune::Method::dash, prune::Scope::replica, false},     {prune::Method::dash, prune::Scope::ensemble, false},
    {prune::Method::bioprune, prune::Scope::replica, false}, {prune::Method::random, prune::Scope::ensemble, false}};

TEST(PruneRounds, TakeExactlyTheAskedNumberOverAllShards) {
    const auto world = mpi::Communicator::world();
    for (const Case& c : kCases) {
        const Pruned pruned(world, config_for(c.method, c.scope), c.ties);
        std::vector<std::int64_t> seen(2 * kReplicas, 0);
        for (std::size_t k = 0; k < pruned.mine.size(); ++k) {
            const auto replica = static_cast<std::size_t>(pruned.plan.shard(pruned.mine[k].shard).replica);
            seen[2 * replica] += gone(pruned.mask(k).a);
            seen[2 * replica + 1] += gone(pruned.mask(k).c);
        }
        world.sum_in_place(seen);
        const std::int64_t prunable = kBlocks * (kInputs * 3 / 4) * (kSums + kProducts);
        const std::int64_t outer = kGenes * (kSums + kProducts);
        for (const RoundRecord& r : pruned.records) {
            EXPECT_EQ(r.total, r.outer ? outer : prunable);
            if (r.epoch == 30) {
                const auto first = static_cast<std::size_t>(std::max<Index>(r.replica, 0));
                const auto last = r.replica < 0 ? std::size_t{kReplicas} : first + 1;
                for (std::size_t replica = first; replica < last; ++replica) {
                    EXPECT_EQ(seen[2 * replica + (r.outer ? 1 : 0)], r.total - r.remaining);
                }
            }
        }
        const double left = 0.3 * 0.85 * 0.85;
        EXPECT_NEAR(static_cast<double>(pruned.records.back().remaining), left * static_cast<double>(outer), 2.0);
    }
}

TEST(PruneRounds, TakeTheSameWeightsForAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    for (const Case& c : kCases) {
        const TrainConfig config = config_for(c.method, c.scope);
        const Pruned shared(world, config, c.ties);
        const Pruned whole(alone, config, c.ties);
        for (std::size_t k = 0; k < shared.mine.size(); ++k) {
            const auto s = static_cast<std::size_t>(shared.mine[k].shard);
            EXPECT_EQ(shared.mask(k).a, whole.mask(s).a);
            EXPECT_EQ(shared.mask(k).c, whole.mask(s).c);
        }
    }
}

TEST(PruneRounds, LeaveBiasesAndInputsThatNothingMovesAlone) {
    const auto world = mpi::Communicator::world();
    for (const Case& c : kCases) {
        const Pruned pruned(world, config_for(c.method, c.scope), c.ties);
        for (std::size_t k = 0; k < pruned.mine.size(); ++k) {
            EXPECT_EQ(gone(pruned.mask(k).a.row(kInputs)), 0);
            EXPECT_EQ(gone(pruned.mask(k).c.col(kSums + kProducts)), 0);
            EXPECT_EQ(gone(pruned.mask(k).a.row(4)), 0);
        }
    }
}

TEST(PruneRounds, ACommonMaskIsCommon) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    const Pruned pruned(alone, config_for(prune::Method::dash, prune::Scope::ensemble), false);
    for (std::size_t s = 0; s < pruned.mine.size(); s += kReplicas) {
        EXPECT_EQ(pruned.mask(s).a, pruned.mask(s + 1).a);
        EXPECT_EQ(pruned.mask(s).c, pruned.mask(s + 2).c);
    }
}

/// The published form: every layer of every shard loses its own share.
TEST(PruneRounds, ParityCutsEveryLayerByItself) {
    const auto world = mpi::Communicator::world();
    TrainConfig config = config_for(prune::Method::dash, prune::Scope::replica);
    config.prune.parity = true;
    const Pruned pruned(world, config, false);
    for (std::size_t k = 0; k < pruned.mine.size(); ++k) {
        for (const Range units : {Range{0, kSums}, Range{kSums, kSums + kProducts}}) {
            double left = static_cast<double>(kInputs * 3 / 4 * units.size());
            for (const double share : {0.7, 0.15, 0.15}) {
                left -= std::nearbyint(share * left);
            }
            const Matrix mask = pruned.mask(k).a.middleCols(units.begin, units.size());
            EXPECT_EQ(static_cast<double>(kInputs * 3 / 4 * units.size() - gone(mask)), left);
        }
    }
}

TEST(PruneRounds, WeightsThatAreNotNumbersEndTheRun) {
    const auto world = mpi::Communicator::world();
    const TrainConfig config = config_for(prune::Method::magnitude, prune::Scope::replica);
    const Plan plan(kGenes, kBlocks, kReplicas, world.size());
    std::vector<std::unique_ptr<StillShard>> shards;
    std::vector<ShardInTraining> mine;
    const Range own = plan.shards_of(world.rank());
    for (Index s = own.begin; s < own.end; ++s) {
        shards.push_back(std::make_unique<StillShard>(plan.shard(s), false));
        shards.back()->optimizer(0).net.c.setConstant(std::nanf(""));
        mine.push_back({s, shards.back().get(), 0});
    }
    PruneRounds rounds(world, plan, config, {}, kReplicas);
    EXPECT_THROW(rounds(10, mine), AgreedError);
}

}  // namespace
}  // namespace lazynet::train
