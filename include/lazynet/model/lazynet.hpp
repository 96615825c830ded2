#pragma once

#include <cstdint>

#include "lazynet/core/random.hpp"
#include "lazynet/core/types.hpp"

namespace lazynet {

/// Sizes of one shard's LazyNet block (design: sums and products).
struct LazyNetShape {
    Index inputs = 0;    ///< Q: regulators this shard can see
    Index sums = 0;      ///< linear units; 0 gives the pure LazyNet
    Index products = 0;  ///< log-linear-exp units
    Index outputs = 0;   ///< target genes of the block
    float u_max = 1.5f;  ///< clamp of the exponent
    [[nodiscard]] Index hidden() const { return sums + products; }
    /// Hidden units plus the constant one that carries the output bias.
    [[nodiscard]] Index width() const { return hidden() + 1; }
    [[nodiscard]] Index parameters() const { return (inputs + 1) * hidden() + outputs * width(); }
    friend bool operator==(const LazyNetShape&, const LazyNetShape&) = default;
};

/// One shard's LazyNet block: post - pre = C h(A d + a) + c for the target genes of the block.
///
///     s = As d + as,   u = Ap d + ap,   h = [s, expm1(min(u, u_max)), 1]
///
/// `a` is (inputs + 1, hidden): A transposed, so that a regulator's weights lie together, biases in the last row (zero
/// for pseudobulk pairs). `c` is (outputs, width): Cs, Cp and, in the last column, the bias. Both are kept without
/// padding.
struct LazyNet {
    LazyNetShape shape;
    Matrix a;
    Matrix c;

    LazyNet() = default;
    /// A random, C zero: an untrained model predicts "no change". `scale` is the standard deviation of A's entries.
    LazyNet(const LazyNetShape& shape, const Random& random, float scale);
};

/// h (batch, width) from z (batch, hidden) = A d + a.
void activate(const LazyNetShape& shape, ConstMatrixView z, MatrixView h);

/// dz (batch, hidden) from dh (batch, width); z and h as `activate` saw and wrote them. A clamped unit passes nothing.
void activate_backward(const LazyNetShape& shape, ConstMatrixView z, ConstMatrixView h, ConstMatrixView dh,
                       MatrixView dz);

/// Slope of every hidden unit at z, added up over the batch with weights w: 1 for sums, exp(u) for products that are
/// not clamped, 0 for clamped ones. Adds to `slopes` (hidden), float64, and returns the sum of w.
double add_slopes(const LazyNetShape& shape, ConstMatrixView z, ConstVectorView w, VectorD& slopes);

/// A' with the columns of every hidden unit scaled by its mean slope: the right factor of the mean Jacobian,
///     mean (J - I) = C[:, :hidden] * scaled' = Cs As + Cp diag(mean exp(u)) Ap.
/// `slopes` are means (hidden). Result (inputs, hidden).
Matrix jacobian_factor(const LazyNet& net, const VectorD& slopes);

}  // namespace lazynet
