#pragma once

#include "lazynet/core/types.hpp"
#include "lazynet/data/prior.hpp"

namespace lazynet {

/// The co-regulation matrix Q of DASH (regulators x regulators, entries not negative, sum 1), as an operator.
///
/// From a prior P (regulators x targets) Q = |P| |P|' / sum: regulators that share targets. That matrix can be dense
/// where P is sparse, so it is never formed: S Q = (S |P|) |P|' / sum, and the sum of |P| |P|' is the sum over targets
/// of the squared column sums of |P|. Memory: that of P. Where there are many edges between few regulators, Q is formed
/// after all: a dense product then takes a fraction of the time.
class CoRegulation {
public:
    /// Q = |P| |P|' / sum.
    static CoRegulation from_prior(const SparseMatrix& prior);
    /// Q = |interactions| / sum. @pre square
    static CoRegulation from_interactions(const SparseMatrix& interactions);

    [[nodiscard]] Index regulators() const { return factor_.rows(); }
    /// False when Q is all zeros: it was made of nothing.
    [[nodiscard]] bool empty() const { return scale_ == 0.0f; }
    /// S Q, for S (rows x regulators). Cost: rows * edges, twice for a prior; or rows * regulators^2. Not collective,
    /// one thread.
    [[nodiscard]] Matrix times(const Matrix& s) const;

    /// Whether Q is formed for a prior (not for interactions, which are Q itself).
    static bool is_formed(Index regulators, Index edges);

private:
    CoRegulation(const SparseMatrix& factor, bool is_squared);
    SparseMatrix factor_;  ///< |P| or |interactions|
    Matrix formed_;        ///< Q, or empty
    bool is_squared_;
    float scale_ = 0.0f;  ///< 1 / sum
};

}  // namespace lazynet
