// Replicas in training as bytes and back.
#include "lazynet/train/trajectory_replica.hpp"

namespace lazynet::train {

void PlateauRate::save(Packer& packer) const {
    for (const double number : {start_, rate_, least_, best_}) {
        packer.number(number);
    }
    packer.index(bad_);
}

void PlateauRate::load(Unpacker& unpacker) {
    for (double* number : {&start_, &rate_, &least_, &best_}) {
        *number = unpacker.number();
    }
    bad_ = unpacker.index();
}

void TrajectoryReplica::save(Packer& packer) const {
    model_->save(packer);
    packer.index(best_ ? 1 : 0);
    if (best_) {
        best_->save(packer);
    }
    if (gates_) {
        gates_->save(packer);
    }
    rate_.save(packer);
    for (const Index number : {best_epoch_, Index{steps_}, rounds_, divergences_}) {
        packer.index(number);
    }
    for (const double number : {best_error_, lowest_, best_sparsity_}) {
        packer.number(number);
    }
    packer.values(history_);
    packer.index(static_cast<Index>(score_state.size()));
    for (const Matrix& scores : score_state) {
        packer.matrix(scores);
    }
}

/// All but the model.
void TrajectoryReplica::load(Unpacker& unpacker) {
    if (unpacker.index() != 0) {
        best_ = model_->clone();
        best_->load(unpacker);
    }
    if (gates_) {
        gates_->load(unpacker);
    }
    rate_.load(unpacker);
    best_epoch_ = unpacker.index();
    steps_ = static_cast<long>(unpacker.index());
    rounds_ = unpacker.index();
    divergences_ = unpacker.index();
    best_error_ = unpacker.number();
    lowest_ = unpacker.number();
    best_sparsity_ = unpacker.number();
    history_ = unpacker.values<TrajectoryEpoch>();
    score_state.resize(static_cast<std::size_t>(unpacker.index()));
    for (Matrix& scores : score_state) {
        scores = unpacker.matrix();
    }
}

}  // namespace lazynet::train
