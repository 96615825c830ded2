#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/predict/predictions.hpp"
#include "lazynet/predict/run_models.hpp"

namespace lazynet::predict {

/// How two genes act together, by their predicted changes A, B and that of the double, D = A + B + I.
enum class Joint {
    additive,   ///< I is not certain (certainty below kCertain)
    synergy,    ///< D goes further along A + B than A + B itself
    buffering,  ///< D falls short of A + B
    masking,    ///< D looks like one of the two: GEARS's dominance, one coefficient under a quarter of the other
    unclear     ///< one replica: nothing says how certain I is
};
std::string_view name_of(Joint joint);

/// Norm of the interaction over its sd from which on it counts as there.
constexpr double kCertain = 1.0;

/// Some pairs of genes, by their indices in a list.
class PairList {
public:
    /// All pairs of n genes, in the order (0, 1), (0, 2) ... (1, 2) ...
    static PairList all_of(Index genes);
    explicit PairList(std::vector<std::pair<Index, Index>> pairs) : listed_(std::move(pairs)) {}
    [[nodiscard]] Index size() const;
    /// Pairs [range.begin, range.end).
    [[nodiscard]] std::vector<std::pair<Index, Index>> part(Range range) const;

private:
    PairList() = default;
    std::vector<std::pair<Index, Index>> listed_;
    std::vector<Index> first_;  ///< all pairs: number of the first pair of every gene, and their count at the end
};

/// What a pair's interaction looks like. Norms are over all genes but the two, of ensemble means.
struct Interaction {
    Index first = 0, second = 0;  ///< indices in the list of genes
    std::int64_t pair = 0;        ///< number in the list of pairs
    double norm = 0.0;            ///< |I|
    double sd = 0.0;              ///< of I over replicas: root of the sum over genes of their variances
    double certainty = 0.0;       ///< norm / sd; 0 for one replica. Chance alone: about 1 / sqrt(replicas)
    double additive_norm = 0.0;   ///< |A + B|
    double double_norm = 0.0;     ///< |D|
    double direction = 0.0;       ///< cosine between I and A + B
    double c1 = 0.0, c2 = 0.0;    ///< D ~ c1 A + c2 B, least squares without intercept
    double magnitude = 0.0;       ///< sqrt(c1^2 + c2^2): GEARS's mag (Roohani 2024; Norman 2019), sqrt(2) if additive
    double fit = 0.0;             ///< cosine between D and c1 A + c2 B
    Joint joint = Joint::additive;
};

/// The `most` pairs with the most certain interactions, most certain first, on every rank. Collective.
///
/// Predictions are C h, so what is needed of a pair hangs on its hidden units through C'C, which is small and made
/// once: no profile over genes is ever formed, and a million pairs take seconds. Ranks share the pairs.
std::vector<Interaction> rank_interactions(const mpi::Communicator& world, const RunModels& models,
                                           const std::vector<PerturbedGene>& genes, const PairList& pairs, Index most,
                                           const Progress& progress);

}  // namespace lazynet::predict
