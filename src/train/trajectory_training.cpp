#include "trajectory_training.hpp"

#include <chrono>

#include "lazynet/core/error.hpp"

namespace lazynet::train {

TrajectoryTraining::TrajectoryTraining(const mpi::Communicator& world, const TrajectoryConfig& config, Index replicas,
                                       Range mine, const TrajectoryFloor& floor)
    : world_(world),
      config_(config),
      floor_(floor),
      pruning_(config, floor.data, floor.prior),
      live_([this](Checkpoints::Records& records) { save(records); }) {
    // Rounds are of all replicas together, so all must be there; without them each goes on by itself.
    const bool resumes = pruning_.schedule().rounds().empty() || is_whole(replicas);
    replicas_.reserve(static_cast<std::size_t>(mine.size()));
    world_.together([&] {
        if (resumes && floor_.checkpoints.has(rounds_key())) {
            const auto bytes = floor_.checkpoints.load(rounds_key());
            rounds_ = Unpacker(bytes).values<TrajectoryRound>();
        }
        for (Index r = mine.begin; r < mine.end; ++r) {
            start(r, resumes);
        }
    });
}

std::string TrajectoryTraining::rounds_key() const {
    return "live/" + floor_.name + "/rounds";
}

std::string TrajectoryTraining::key_of(Index replica) const {
    return record_key("live/" + floor_.name, {replica});
}

bool TrajectoryTraining::is_whole(Index replicas) const {
    bool whole = floor_.checkpoints.has(rounds_key());
    for (Index r = 0; r < replicas; ++r) {
        whole = whole && floor_.checkpoints.has(key_of(r));
    }
    return whole;
}

void TrajectoryTraining::start(Index replica, bool resumes) {
    if (const std::string key = key_of(replica); resumes && floor_.checkpoints.has(key)) {
        const auto bytes = floor_.checkpoints.load(key);
        Unpacker saved(bytes);
        replicas_.emplace_back(config_, floor_.data, floor_.prior, replica, saved);
        return;
    }
    const io::StoredDynamics* stored =
        floor_.models.empty() ? nullptr : &floor_.models.at(static_cast<std::size_t>(replica));
    replicas_.emplace_back(config_, floor_.data, floor_.prior, replica, stored);
}

void TrajectoryTraining::save(Checkpoints::Records& records) const {
    for (const TrajectoryReplica& replica : replicas_) {
        if (replica.replica() != failed_) {
            records.push_back({key_of(replica.replica()), {}});
            Packer packer(records.back().bytes);
            replica.save(packer);
        }
    }
    if (world_.is_root()) {
        records.push_back({rounds_key(), {}});
        Packer packer(records.back().bytes);
        packer.values(rounds_);
    }
}

void TrajectoryTraining::operator()() {
    for (Index epoch = rounds_.empty() ? 1 : rounds_.back().epoch + 1; epoch <= config_.epochs;) {
        const Index round = pruning_.schedule().next(epoch);
        const Index last = round == 0 ? config_.epochs : round;
        advance(last, round != 0);
        if (round != 0) {
            rounds_.push_back(pruning_.round(world_, last, replicas_));
            world_.together([&] {
                for (TrajectoryReplica& replica : replicas_) {
                    replica.validate();
                    floor_.validated(replica);
                }
            });
            floor_.checkpoints.point(live_, true);
        }
        epoch = last + 1;
    }
}

/// Every rank its replicas, up to an epoch. Who fails still comes to the others' saves, until all are here to hear of
/// it.
void TrajectoryTraining::advance(Index last, bool round_follows) {
    std::optional<std::string> failure;
    for (TrajectoryReplica& replica : replicas_) {
        try {
            train_stretch(replica, last, round_follows);
        } catch (const AgreedError&) {  // of a save: all ranks have it
            throw;
        } catch (const UserError& e) {
            failure = e.what();
            failed_ = replica.replica();
            break;
        }
    }
    floor_.checkpoints.gate(live_);
    world_.together([&] {
        if (failure) {
            throw UserError(*failure);
        }
    });
}

/// The last epoch's validation waits when a round comes first.
void TrajectoryTraining::train_stretch(TrajectoryReplica& replica, Index last, bool round_follows) {
    for (Index epoch = replica.next_epoch(); epoch <= last; ++epoch) {
        if (!round_follows && replica.exhausted(epoch)) {
            return;
        }
        const auto begin = std::chrono::steady_clock::now();
        replica.train_epoch(epoch);
        floor_.trained(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        if (!round_follows || epoch < last) {
            replica.validate();
            floor_.validated(replica);
        }
        floor_.checkpoints.count_epoch();
        floor_.checkpoints.between(live_);
    }
}

}  // namespace lazynet::train
