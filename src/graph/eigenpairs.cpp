#include "lazynet/graph/eigenpairs.hpp"

#include <Spectra/SymEigsSolver.h>
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"

namespace lazynet {
namespace {

/// Up to this size all eigenpairs cost less than the leading ones.
constexpr Index kSmall = 512;
constexpr double kTolerance = 1e-8;
constexpr Index kRestarts = 1000;

EigenPairs all_pairs(Index size, const SymmetricProduct& product) {
    Columns matrix(size, size);
    product(Columns::Identity(size, size), matrix);
    const Eigen::SelfAdjointEigenSolver<Columns> solver(matrix);
    if (solver.info() != Eigen::Success) {
        throw InternalError(fmt::format("the eigenvalues of a {} x {} matrix did not converge", size, size));
    }
    return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

/// S as Spectra wants it, without the part that is known already: S - V L V'.
class Deflated {
public:
    using Scalar = double;

    Deflated(Index size, const SymmetricProduct& product, const EigenPairs& known)
        : size_(size), product_(product), known_(known) {}

    [[nodiscard]] Index rows() const { return size_; }
    [[nodiscard]] Index cols() const { return size_; }
    void perform_op(const double* x, double* y) const {
        const Eigen::Map<const Columns> from(x, size_, 1);
        Eigen::Map<Columns> to(y, size_, 1);
        product_(from, to);
        if (known_.values.size() > 0) {
            const VectorD along = (known_.vectors.transpose() * from).cwiseProduct(known_.values);
            to.noalias() -= known_.vectors * along;
        }
    }

private:
    Index size_;
    const SymmetricProduct& product_;
    const EigenPairs& known_;
};

/// What has converged of the leading pairs. @param attempt another one starts elsewhere
EigenPairs lanczos(Deflated matrix, Index count, Index space, Index restarts, std::int64_t attempt) {
    const Random random(1, "eigenpairs", {attempt});
    const VectorD start = VectorD::NullaryExpr(
        matrix.rows(), [&](Index i) { return random.uniform(static_cast<std::uint64_t>(i)) - 0.5; });
    Spectra::SymEigsSolver<Deflated> solver(matrix, count, space);
    solver.init(start.data());
    solver.compute(Spectra::SortRule::LargestAlge, restarts, kTolerance, Spectra::SortRule::LargestAlge);
    return {solver.eigenvalues(), solver.eigenvectors()};
}

/// Both, by descending eigenvalue, the first `count`.
EigenPairs merged(const EigenPairs& a, const EigenPairs& b, Index count) {
    const Index na = a.values.size();
    std::vector<Index> order(static_cast<std::size_t>(na + b.values.size()));
    std::iota(order.begin(), order.end(), Index{0});
    const auto value = [&](Index k) { return k < na ? a.values[k] : b.values[k - na]; };
    std::stable_sort(order.begin(), order.end(), [&](Index x, Index y) { return value(x) > value(y); });
    order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
    EigenPairs both{VectorD(static_cast<Index>(order.size())),
                    Columns(a.vectors.rows(), static_cast<Index>(order.size()))};
    for (Index to = 0; to < both.values.size(); ++to) {
        const Index k = order[static_cast<std::size_t>(to)];
        both.values[to] = value(k);
        both.vectors.col(to) = k < na ? a.vectors.col(k) : b.vectors.col(k - na);
    }
    return both;
}

/// Pairs that belong among the `found` ones and are missing: further copies of repeated eigenvalues. They stand out
/// from what is left of S, so that a short search finds them.
EigenPairs missed(Index size, const SymmetricProduct& product, const EigenPairs& found, std::int64_t attempt) {
    constexpr Index kCopies = 4;
    constexpr Index kSpace = 48;
    constexpr Index kFewRestarts = 8;
    const EigenPairs left = lanczos({size, product, found}, kCopies, kSpace, kFewRestarts, attempt);
    const double least = found.values[found.values.size() - 1] + 10 * kTolerance * found.values.cwiseAbs().maxCoeff();
    const Index n = (left.values.array() > least).count();
    return {left.values.head(n), left.vectors.leftCols(n)};
}

EigenPairs some_pairs(Index size, const SymmetricProduct& product, Index count) {
    constexpr std::int64_t kAttempts = 200;
    const EigenPairs none;
    EigenPairs found = lanczos({size, product, none}, count, 2 * count + 20, kRestarts, 0);
    if (found.values.size() < count) {
        throw InternalError(fmt::format("of {} leading eigenvalues of a {} x {} matrix only {} converged", count, size,
                                        size, found.values.size()));
    }
    for (std::int64_t attempt = 1; attempt <= kAttempts; ++attempt) {
        const EigenPairs more = missed(size, product, found, attempt);
        if (more.values.size() == 0) {
            break;
        }
        found = merged(found, more, count);
    }
    return found;
}

/// The largest component becomes positive; of components that differ by rounding only, the first.
void fix_sign(Eigen::Ref<VectorD> v) {
    const double most = v.cwiseAbs().maxCoeff() * (1.0 - 1e-5);
    for (Index i = 0; i < v.size(); ++i) {
        if (std::abs(v[i]) >= most) {
            v *= v[i] < 0.0 ? -1.0 : 1.0;
            return;
        }
    }
}

}  // namespace

EigenPairs leading_eigenpairs(Index size, const SymmetricProduct& product, Index count) {
    count = std::min(count, size);
    if (count <= 0) {
        return {VectorD(0), Columns(size, 0)};
    }
    const bool is_small = size <= std::max(kSmall, 2 * count + 20);
    EigenPairs pairs = is_small ? all_pairs(size, product) : some_pairs(size, product, count);
    pairs.values.conservativeResize(count);
    pairs.vectors.conservativeResize(size, count);
    for (Index k = 0; k < count; ++k) {
        fix_sign(pairs.vectors.col(k));
    }
    return pairs;
}

}  // namespace lazynet
