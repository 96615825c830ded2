#pragma once

#include <array>
#include <span>

#include "lazynet/core/types.hpp"

namespace lazynet::train {

/// When edges of several screens count as certain, and what is written of them.
struct CrossOptions {
    double certainty = 3.0;       ///< least |mean| / sd; also of the difference that makes an edge private
    double sign_agreement = 0.8;  ///< least agreement of the replicas' signs
    Index edges_top = 100000;     ///< longest list of edges; 0: all
    Index kept = 100;             ///< regulators per target in the matrices
};

/// What one screen says of a pair (regulator, target).
struct CrossValue {
    Index screen = 0;
    double mean = 0.0;
    double sd = 0.0;  ///< 0: not known, or the mean is exactly 0 because every replica left the edge out
    double sign_agreement = 0.0;
    [[nodiscard]] bool certain(const CrossOptions& options) const;
};

enum class CrossKind {
    uncertain,   ///< certain in no screen
    shared,      ///< certain in two or more, all of the same sign
    opposite,    ///< certain in two or more, of different signs
    own,         ///< private: certain in one, and significantly different from what the others say
    unclear,     ///< certain in one; the others neither say the same with certainty nor differ
    untestable,  ///< certain in the only screen that can tell
};
constexpr std::array<const char*, 6> kCrossKinds = {"uncertain", "shared",  "opposite",
                                                    "private",   "unclear", "untestable"};

/// What several screens say together of a pair.
struct CrossEffect {
    CrossKind kind = CrossKind::uncertain;
    Index estimable = 0;    ///< screens that could tell
    Index certain = 0;      ///< screens that are certain
    Index strongest = 0;    ///< the certain screen with the largest |mean| / sd
    double mean = 0.0;      ///< inverse-variance mean (fixed effect) over screens with a sd
    double sd = 0.0;        ///< its standard deviation, 0 without such a screen
    double q = 0.0;         ///< Cochran's Q
    double i2 = 0.0;        ///< Higgins and Thompson 2002: share of the differences that is not noise, 0 to 1
    double evidence = 0.0;  ///< root of the sum over screens of (mean / sd)^2
};

/// @param values of screens that have one, at most one each, in the order of screens
/// @param estimable screens that could tell, those without a stored value included
CrossEffect combine_screens(std::span<const CrossValue> values, Index estimable, const CrossOptions& options);

/// Sums for a correlation.
struct CrossMoments {
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
    void add(double a, double b);
    /// Pearson's; NaN with fewer than two pairs or without variance.
    [[nodiscard]] double correlation() const;
};

}  // namespace lazynet::train
