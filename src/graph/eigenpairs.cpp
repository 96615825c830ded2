#include "lazynet/graph/eigenpairs.hpp"

#include <fmt/format.h>

#include <Spectra/SymEigsSolver.h>
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
/// Eigenvalues that differ by less, relative to the largest, are equal.
constexpr double kEqual = 1e-9;
constexpr double kTolerance = 1e-8;
constexpr Index kRestarts = 1000;
/// Copies of repeated eigenvalues looked for at a time.
constexpr Index kCopies = 4;

/// S as Spectra wants it, without the part that is known already: S - V L V'.
class Deflated {
public:
    using Scalar = double;

    Deflated(Index size, const SymmetricProduct& product, const EigenPairs& known)
        : size_(size), product_(product), known_(known) {}

    [[nodiscard]] Index rows() const { return size_; }
    [[nodiscard]] Index cols() const { return size_; }
    void perform_op(const double* x, double* y) const {
        const Eigen::Map<const VectorD> from(x, size_);
        Eigen::Map<VectorD> to(y, size_);
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

VectorD start_vector(Index size, std::int64_t attempt) {
    const Random random(1, "lanczos", {attempt});
    return VectorD::NullaryExpr(size, [&](Index i) { return random.uniform(static_cast<std::uint64_t>(i)) - 0.5; });
}

/// What has converged of the leading pairs of S - V L V'. Spectra stops with an exception when a start vector happens
/// to lie in a small invariant subspace; another one then helps.
EigenPairs lanczos(const Deflated& matrix, Index count, Index space, Index restarts, std::int64_t attempt) {
    Spectra::SymEigsSolver<Deflated> solver(const_cast<Deflated&>(matrix), count, space);
    const VectorD start = start_vector(matrix.rows(), attempt);
    solver.init(start.data());
    solver.compute(Spectra::SortRule::LargestAlge, restarts, kTolerance, Spectra::SortRule::LargestAlge);
    return {solver.eigenvalues(), solver.eigenvectors()};
}

EigenPairs all_pairs(Index size, const SymmetricProduct& product) {
    Eigen::MatrixXd matrix(size, size);
    for (Index j = 0; j < size; ++j) {
        product(VectorD::Unit(size, j), matrix.col(j));
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
    if (solver.info() != Eigen::Success) {
        throw InternalError(fmt::format("the eigenvalues of a {} x {} matrix did not converge", size, size));
    }
    return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

/// Both, by descending eigenvalue, the first `count`.
EigenPairs merged(const EigenPairs& a, const EigenPairs& b, Index count) {
    const Index na = a.values.size();
    std::vector<Index> order(static_cast<std::size_t>(na + b.values.size()));
    std::iota(order.begin(), order.end(), Index{0});
    const auto value = [&](Index k) { return k < na ? a.values[k] : b.values[k - na]; };
    std::stable_sort(order.begin(), order.end(), [&](Index x, Index y) { return value(x) > value(y); });
    order.resize(static_cast<std::size_t>(std::min(count, static_cast<Index>(order.size()))));
    EigenPairs both{VectorD(static_cast<Index>(order.size())), {}};
    both.vectors.resize(std::max(a.vectors.rows(), b.vectors.rows()), both.values.size());
    for (Index to = 0; to < both.values.size(); ++to) {
        const Index k = order[static_cast<std::size_t>(to)];
        both.values[to] = value(k);
        both.vectors.col(to) = k < na ? a.vectors.col(k) : b.vectors.col(k - na);
    }
    return both;
}

/// Pairs that belong among the leading ones and are missing: further copies of repeated eigenvalues.
EigenPairs missed(Index size, const SymmetricProduct& product, const EigenPairs& found, Index count,
                  std::int64_t attempt) {
    constexpr Index kSpace = 60;
    constexpr Index kFewRestarts = 20;
    EigenPairs copies = lanczos({size, product, found}, kCopies, kSpace, kFewRestarts, attempt);
    const bool is_full = found.values.size() >= count;
    const double least = is_full ? found.values[found.values.size() - 1] : -1e300;
    const double margin = kEqual * 10 * std::abs(found.values.size() > 0 ? found.values[0] : 0.0);
    Index n = 0;
    while (n < copies.values.size() && copies.values[n] > least + margin) {
        ++n;
    }
    return {copies.values.head(n), copies.vectors.leftCols(n)};
}

EigenPairs some_pairs(Index size, const SymmetricProduct& product, Index count) {
    constexpr std::int64_t kAttempts = 64;
    const Index space = std::min(size, 2 * count + 20);
    const EigenPairs none;
    EigenPairs found = lanczos({size, product, none}, count, space, kRestarts, 0);
    for (std::int64_t attempt = 1; attempt < kAttempts; ++attempt) {
        const EigenPairs more = missed(size, product, found, count, attempt);
        if (more.values.size() == 0 && found.values.size() == count) {
            return found;
        }
        found = merged(found, more, count);
    }
    throw InternalError(fmt::format("of {} leading eigenvalues of a {} x {} matrix only {} converged", count, size,
                                    size, found.values.size()));
}

/// The largest component becomes positive; of components that differ by rounding only, the first.
void fix_sign(Eigen::Ref<VectorD> v) {
    const double most = v.cwiseAbs().maxCoeff() * (1.0 - 1e-6);
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
        return {VectorD(0), Eigen::MatrixXd(size, 0)};
    }
    const bool is_small = size <= kSmall || 2 * count + 20 >= size;
    EigenPairs pairs = is_small ? all_pairs(size, product) : some_pairs(size, product, count);
    pairs.values.conservativeResize(count);
    pairs.vectors.conservativeResize(size, count);
    for (Index k = 0; k < count; ++k) {
        fix_sign(pairs.vectors.col(k));
    }
    return pairs;
}

}  // namespace lazynet
