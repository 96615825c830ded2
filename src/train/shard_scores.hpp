#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "lazynet/data/co_regulation.hpp"
#include "lazynet/prune/config.hpp"
#include "lazynet/prune/scores.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// Scores of a shard's weights, laid out like the net's matrices: kNotCompeting for biases, for weights that are gone
/// and for those of inputs that nothing moves in training.
struct ShardScores {
    Matrix a;  ///< (inputs + 1, hidden)
    Matrix c;  ///< (outputs, hidden + 1)
};

/// A term of the scores: its sum over the competing weights, and how many these are.
struct TermSums {
    double guess = 0.0;
    double magnitude = 0.0;
    double count = 0.0;
};

/// Means of both terms over all shards of a replica.
struct TermMeans {
    double guess = 0.0;
    double magnitude = 0.0;
};

/// DASH scores of one shard, in two steps, as each layer's terms are divided by their means over all shards of the
/// replica (see design: both terms live on one scale, and so do all blocks):
///
///     S       = l1 |(S S' + rho I)^-1 S Q| / mean + (1 - l1) |A| / mean       from the S of the round before
///     score C = l2 |(S |P|)' (S S' + rho I)^-1| / mean + (1 - l2) |C| / mean
///
/// The first round starts from S = |A|. Means are taken over the competing weights.
class ShardScorer {
public:
    /// @param prior (inputs, outputs) of this shard's block; empty when no lambda asks for it
    ShardScorer(const prune::PruneConfig& config, const CoRegulation* co_regulation, SparseMatrix prior);

    /// Looks at the weights as they are now. The references must live until `scores` was called.
    void look(const LazyNet& net, const LazyNetMask& mask, const std::vector<std::int32_t>& support);
    [[nodiscard]] TermSums inner_sums();
    void finish_inner(const TermMeans& means);
    [[nodiscard]] TermSums outer_sums();
    [[nodiscard]] ShardScores finish_outer(const TermMeans& means);

    /// As the DASH authors' code does it for one model: sums and products are layers of their own, magnitudes are
    /// divided by their sum (products: exp(weight)), guesses are as they come, S starts uniform in (0, 1).
    [[nodiscard]] ShardScores parity_scores(const Random& start);

    /// S of the last round (hidden, inputs); empty before the first.
    [[nodiscard]] const Matrix& previous() const { return s_; }
    void restore(Matrix s) { s_ = std::move(s); }

private:
    /// 1 where an entry of A' (hidden, inputs), or of C without biases, competes.
    [[nodiscard]] Matrix competing_inner() const;
    [[nodiscard]] Matrix competing_outer() const;
    [[nodiscard]] ShardScores lay_out(const Matrix& inner, const Matrix& outer) const;

    prune::Lambdas lambda_;
    double ridge_;
    const CoRegulation* co_regulation_;
    SparseMatrix prior_;
    Matrix s_;  ///< (hidden, inputs): scores of the inner layer, of the round before
    const LazyNet* net_ = nullptr;
    const LazyNetMask* mask_ = nullptr;
    const std::vector<std::int32_t>* support_ = nullptr;
    Matrix magnitude_, guess_;
};

/// Scores for `--prune random`.
ShardScores random_shard_scores(const LazyNet& net, const LazyNetMask& mask, const std::vector<std::int32_t>& support,
                                const Random& a, const Random& c);

/// Entries of a layer's scores that compete.
std::int64_t competing(const Matrix& scores);

}  // namespace lazynet::train
