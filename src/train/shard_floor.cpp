#include "lazynet/train/shard_floor.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "lazynet/prune/schedule.hpp"
#include "run_records.hpp"

namespace lazynet::train {
namespace {

/// Bytes that training may hold while it pauses, besides parameters.
constexpr double kResting = 2e9;

/// Shards of one replica among `mine`.
std::vector<Index> of_replica(const Plan& plan, const std::vector<Index>& mine, Index replica) {
    std::vector<Index> group;
    std::copy_if(mine.begin(), mine.end(), std::back_inserter(group),
                 [&](Index s) { return plan.shard(s).replica == replica; });
    return group;
}

std::string live_key(const ShardFloor& floor, Index shard) {
    return record_key("live/" + floor.name, {shard});
}

/// Shards of one replica in training, and what saves them.
struct Group {
    std::vector<Index> shards;
    std::unique_ptr<ReplicaTraining> training;
};

/// Starts shards, each where a checkpoint left it.
Group start(const ShardFloor& floor, std::vector<Index> shards) {
    Group group{std::move(shards), nullptr};
    group.training = floor.start(group.shards);
    for (std::size_t k = 0; k < group.shards.size(); ++k) {
        if (const std::string key = live_key(floor, group.shards[k]); floor.checkpoints->has(key)) {
            const auto bytes = floor.checkpoints->load(key);
            Unpacker unpacker(bytes);
            group.training->load(static_cast<Index>(k), unpacker);
        }
    }
    return group;
}

void save(const ShardFloor& floor, const Group& group, Checkpoints::Records& records) {
    for (std::size_t k = 0; k < group.shards.size(); ++k) {
        records.push_back({live_key(floor, group.shards[k]), {}});
        Packer packer(records.back().bytes);
        group.training->save(static_cast<Index>(k), packer);
    }
}

/// Training of all shards of a run, in step from round to round.
class RoundTraining {
public:
    RoundTraining(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                  const PruneKnowledge& knowledge, Index replicas, const ShardFloor& floor)
        : world_(world),
          config_(config),
          floor_(floor),
          rounds_(world, plan, config, knowledge, replicas),
          live_([this](Checkpoints::Records& records) { save_all(records); }) {
        const Range own = plan.shards_of(world.rank());
        std::vector<Index> mine(static_cast<std::size_t>(own.size()));
        std::iota(mine.begin(), mine.end(), own.begin);
        take_up(plan, replicas, mine);
        for (const Group& group : groups_) {
            resting_ += group.training->resting_bytes();
            for (std::size_t k = 0; k < group.shards.size(); ++k) {
                shards_.push_back({group.shards[k], group.training.get(), static_cast<Index>(k)});
            }
        }
        std::sort(shards_.begin(), shards_.end(), [](const auto& a, const auto& b) { return a.shard < b.shard; });
    }

    std::vector<TrainedShard> operator()(std::vector<RoundRecord>& records) {
        const prune::Schedule schedule(config_.prune, config_.epochs);
        const auto all = schedule.rounds();
        for (Index round = done_; round < static_cast<Index>(all.size()); ++round) {
            const Index epoch = all[static_cast<std::size_t>(round)];
            advance(epoch, false);
            rounds_(epoch, shards_);
            for (const ShardInTraining& shard : shards_) {
                shard.training->forget_best(shard.k);
            }
            done_ = round + 1;
            floor_.checkpoints->point(live_, true);
        }
        advance(config_.epochs, true);
        records = rounds_.records();
        std::vector<TrainedShard> trained;
        for (const ShardInTraining& shard : shards_) {
            trained.push_back(shard.training->finish(shard.k));
            floor_.done(shard.shard, trained.back());
        }
        return trained;
    }

private:
    /// Goes on from a checkpoint if that has every shard: scores are of all of them together.
    void take_up(const Plan& plan, Index replicas, const std::vector<Index>& mine) {
        Index missing = floor_.checkpoints->has(rounds_key()) ? 0 : 1;
        for (Index replica = 0; replica < replicas; ++replica) {
            if (std::vector<Index> group = of_replica(plan, mine, replica); !group.empty()) {
                missing += std::count_if(group.begin(), group.end(),
                                         [&](Index s) { return !floor_.checkpoints->has(live_key(floor_, s)); });
                groups_.push_back({std::move(group), nullptr});
            }
        }
        const bool anew = !floor_.checkpoints->active() || world_.sum(missing) > 0;
        for (Group& group : groups_) {
            group = anew ? Group{group.shards, floor_.start(group.shards)} : start(floor_, group.shards);
        }
        if (!anew) {
            const auto bytes = floor_.checkpoints->load(rounds_key());
            Unpacker unpacker(bytes);
            done_ = unpacker.index();
            rounds_.restore(unpacker.values<RoundRecord>());
            for (const Index s : mine) {
                if (const std::string key = scores_key(s); floor_.checkpoints->has(key)) {
                    const auto scores = floor_.checkpoints->load(key);
                    Unpacker from(scores);
                    rounds_.load(s, from);
                }
            }
        }
    }

    [[nodiscard]] std::string rounds_key() const { return "live/" + floor_.name + "/rounds"; }
    [[nodiscard]] std::string scores_key(Index shard) const {
        return record_key("live/" + floor_.name + "/scores", {shard});
    }

    void save_all(Checkpoints::Records& records) const {
        for (const Group& group : groups_) {
            save(floor_, group, records);
        }
        for (const ShardInTraining& shard : shards_) {
            records.push_back({scores_key(shard.shard), {}});
            Packer packer(records.back().bytes);
            rounds_.save(shard.shard, packer);
        }
        if (world_.is_root()) {
            records.push_back({rounds_key(), {}});
            Packer packer(records.back().bytes);
            packer.index(done_);
            packer.values(rounds_.records());
        }
    }

    /// All shards up to an epoch, all ranks together.
    void advance(Index epoch, bool may_stop) {
        for (const Group& group : groups_) {
            group.training->advance(epoch, may_stop, floor_.epoch, [&] { floor_.checkpoints->between(live_); });
            if (resting_ > kResting) {
                group.training->rest();
            }
        }
        floor_.checkpoints->gate(live_);
    }

    const mpi::Communicator& world_;
    const TrainConfig& config_;
    const ShardFloor& floor_;
    PruneRounds rounds_;
    Checkpoints::Live live_;
    std::vector<Group> groups_;
    std::vector<ShardInTraining> shards_;
    double resting_ = 0.0;
    Index done_ = 0;  // rounds
};

}  // namespace

std::vector<TrainedShard> train_straight(const Plan& plan, const std::vector<Index>& mine, Index epochs,
                                         const ShardFloor& floor) {
    Checkpoints& checkpoints = *floor.checkpoints;
    std::vector<TrainedShard> shards(mine.size());
    std::vector<Index> to_do;
    const auto at = [&](Index s) -> TrainedShard& {
        return shards[static_cast<std::size_t>(std::lower_bound(mine.begin(), mine.end(), s) - mine.begin())];
    };
    for (const Index s : mine) {
        const std::string key = record_key(floor.name, {s});
        if (!checkpoints.has(key)) {
            to_do.push_back(s);
            continue;
        }
        at(s) = saved_shard(checkpoints, key);
        floor.done(s, at(s));
    }
    const auto train = [&](std::span<const Index> some) {
        const Group group = start(floor, {some.begin(), some.end()});
        const Checkpoints::Live live = [&](Checkpoints::Records& records) { save(floor, group, records); };
        group.training->advance(epochs, true, floor.epoch, [&] { checkpoints.between(live); });
        for (std::size_t k = 0; k < some.size(); ++k) {
            TrainedShard& shard = at(some[k]);
            shard = group.training->finish(static_cast<Index>(k));
            checkpoints.finish(record_key(floor.name, {some[k]}), [&shard](Packer& packer) { pack(shard, packer); });
            floor.done(some[k], shard);
        }
    };
    for (Index replica = 0; replica < plan.replicas(); ++replica) {
        const auto group = of_replica(plan, to_do, replica);
        const std::size_t step = floor.side_by_side ? std::max<std::size_t>(group.size(), 1) : 1;
        for (std::size_t k = 0; k < group.size(); k += step) {
            train(std::span(group).subspan(k, std::min(step, group.size() - k)));
        }
    }
    checkpoints.gate({});
    return shards;
}

std::vector<TrainedShard> train_in_rounds(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                                          const PruneKnowledge& knowledge, Index replicas, const ShardFloor& floor,
                                          std::vector<RoundRecord>& records) {
    return RoundTraining(world, plan, config, knowledge, replicas, floor)(records);
}

}  // namespace lazynet::train
