#pragma once

#include <functional>
#include <vector>

#include "lazynet/core/packer.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/kernels/adam.hpp"
#include "lazynet/model/lazynet.hpp"
#include "lazynet/train/config.hpp"

namespace lazynet::train {

/// Which shard: the model of one (replica, block). `genes` are the block's target genes.
struct ShardId {
    Index replica = 0;
    Index block = 0;
    Range genes;
};

/// One line of a shard's history. Errors are squared errors relative to "no change" on the same values.
struct EpochRecord {
    Index epoch = 0;
    double training = 0.0;
    double seen = 0.0;      ///< trained perturbations, against values with independent sampling noise; NaN without
    double held_out = 0.0;  ///< perturbations this replica never saw; NaN without
};

/// What a trained shard leaves behind.
struct TrainedShard {
    LazyNet net;                        ///< best state, in scaled inputs (see Pairs::scale)
    VectorD slopes;                     ///< mean slope of every hidden unit over the training pairs
    std::vector<std::int32_t> support;  ///< per input: training pairs that move it
    std::vector<EpochRecord> history;
    Index best_epoch = 0;
    double best = 0.0;  ///< selection criterion at the best epoch
    double seconds = 0.0;
};

/// A trained shard as it is, and back.
void pack(const TrainedShard& shard, Packer& packer);
TrainedShard unpack_trained(Unpacker& unpacker);

/// Told after every epoch of a shard in training.
using EpochCallback = std::function<void(const EpochRecord&)>;

/// Which weights of a net are there (1) and which are gone for good (0); both matrices empty: all are there.
struct LazyNetMask {
    Matrix a;
    Matrix c;
    [[nodiscard]] bool empty() const { return a.size() == 0; }
};

/// Parameters in training with their gradients and Adam's moments.
class ShardOptimizer {
public:
    explicit ShardOptimizer(LazyNet net);
    /// One Adam step with the gradients in `da`, `dc`, which are cleared. The penalty l2 * (|A|^2 + |C|^2) leaves the
    /// biases alone. Weights that are gone stay 0.
    void step(double learning_rate, double l2);
    /// Goes on from another net's weights, with Adam as at its beginning.
    void start_from(const LazyNet& other);
    /// Takes the weights away whose mask is 0, for good: cost and moments from now on are those of the weights left.
    /// @param mask of the net's shape; 0 also where a weight is gone already
    void prune(const LazyNetMask& mask);
    [[nodiscard]] const LazyNetMask& mask() const { return mask_; }
    /// All that decides the steps to come, between two of them.
    void save(Packer& packer) const;
    void load(Unpacker& unpacker);

    LazyNet net;
    Matrix da;
    Matrix dc;

private:
    /// Adam's moments of one matrix: dense, or in the order of `left` once it is pruned.
    struct Moments {
        std::vector<float> first, second;
        std::vector<std::int32_t> left;      ///< entries that are there, ascending
        std::vector<float> weights, slopes;  ///< theirs, for a step
        Index decayed = 0;                   ///< the first so many of `left` are penalised
    };
    static void save(const Moments& moments, Packer& packer);
    static void load(Unpacker& unpacker, Moments& moments);
    static void keep(const Matrix& mask, Index penalised, Moments& moments);
    static void step_left(const AdamStep& adam, float penalty, Moments& moments, Matrix& weights, Matrix& slopes);

    long steps_ = 0;
    Moments a_, c_;
    LazyNetMask mask_;
};

/// Learning rate of an epoch: a short warm-up, then a cosine down to a twentieth.
double scheduled_rate(double learning_rate, Index epoch, Index epochs);

/// The same for a run with pruning rounds, of which each may start the schedule again over the epochs that are left.
double scheduled_rate(const TrainConfig& config, Index epoch);

/// Keeps the best state, the latest one within 2 % of the least error, and says when to stop.
class BestState {
public:
    explicit BestState(Index patience) : patience_(patience) {}
    /// Takes a copy of `net` when `criterion` is as good as the least so far (NaN: always).
    void offer(const LazyNet& net, Index epoch, double criterion);
    /// Starts again: states offered so far are forgotten, patience counts from `epoch`.
    void forget(Index epoch);
    [[nodiscard]] bool exhausted(Index epoch) const { return epoch - epoch_ > patience_; }
    [[nodiscard]] Index epoch() const { return epoch_; }
    [[nodiscard]] double criterion() const { return criterion_; }
    LazyNet take() { return std::move(net_); }
    void save(Packer& packer) const;
    void load(Unpacker& unpacker);

private:
    Index patience_;
    Index epoch_ = 0;
    double criterion_ = 0.0;
    double least_ = 0.0;
    bool any_ = false;
    LazyNet net_;
};

/// What states are chosen by: the validation errors of a record, weighted by the share of pairs that they stand for;
/// the one that exists when the other is NaN, NaN without any.
/// @param held_out_share pairs that the replica holds out
double criterion(const EpochRecord& record, double held_out_share);

}  // namespace lazynet::train
