#pragma once

#include <vector>

#include "lazynet/train/pairs.hpp"

namespace lazynet::train {

/// Least noise of a pair, as a share of the signal: effects are never linear to the last digit.
constexpr double kLeastNoiseShare = 0.01;

/// Pairs that the prior is chosen on: all, or a sample of kPriorPairs.
std::vector<Index> sampled_pairs(Index pairs);

/// Shares of the signal that are tried (see ResponsePrior).
struct Strengths {
    std::vector<double> sources;  ///< the mean effect first
    double combination = 0.0;
    double interaction = 0.1;
    double particular = kLeastNoiseShare;  ///< of every pair: an effect is not quite the same in company
};

/// Errors of leaving pairs out, for any strengths, in closed form.
class LeaveOut {
public:
    /// @param rows pairs to look at  @param noise sampling variance per value, of all pairs
    /// @param gram products of the rows' changes, mean over genes
    LeaveOut(const Pairs& pairs, const std::vector<Index>& rows, const std::vector<double>& noise, MatrixD gram);

    /// Mean squared effect per value, sampling noise taken out.
    [[nodiscard]] double signal() const { return signal_; }
    [[nodiscard]] Index sources() const { return static_cast<Index>(shared_.size()); }
    [[nodiscard]] Index singles() const { return singles_; }
    [[nodiscard]] bool has_combinations() const { return !combinations_.empty(); }
    /// Squared error per value of every single (all pairs of its gene left out), then of every combination (alone left
    /// out).
    [[nodiscard]] std::vector<double> errors(const Strengths& strengths) const;

private:
    struct Group {
        std::vector<Index> pairs;    // that perturb the gene
        std::vector<Index> singles;  // places in `pairs` that perturb nothing else
    };
    void add_group(const std::vector<Index>& pairs);
    static void append_left_out(const Group& group, const MatrixD& inverse, const MatrixD& left,
                                std::vector<double>& out);

    MatrixD gram_;
    VectorD noise_;
    VectorD beyond_;  // members beyond the first
    double signal_ = 0.0;
    MatrixD particular_;  // genes that two pairs share
    std::vector<MatrixD> shared_;
    std::vector<Group> groups_;
    std::vector<Index> combinations_;
    Index singles_ = 0;
};

}  // namespace lazynet::train
