#include "leave_out.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/train/response_prior.hpp"

namespace lazynet::train {

std::vector<Index> sampled_pairs(Index pairs) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(pairs));
    std::iota(order.begin(), order.end(), 0);
    if (pairs > kPriorPairs) {
        Random(0, "pairs of the prior").shuffle(order);
        order.resize(static_cast<std::size_t>(kPriorPairs));
        std::sort(order.begin(), order.end());
    }
    return {order.begin(), order.end()};
}

LeaveOut::LeaveOut(const Pairs& pairs, const std::vector<Index>& rows, const std::vector<double>& noise, MatrixD gram)
    : gram_(std::move(gram)), noise_(static_cast<Index>(rows.size())), beyond_(noise_.size()) {
    const auto n = noise_.size();
    double effect = 0.0;
    double sampling = 0.0;
    std::map<std::int32_t, std::vector<Index>> members;
    particular_.setZero(n, n);
    MatrixD features(n, pairs.embedding.features.cols());
    for (Index p = 0; p < n; ++p) {
        const Index row = rows[static_cast<std::size_t>(p)];
        noise_[p] = noise[static_cast<std::size_t>(row)];
        features.row(p) = pairs.embedding.features.row(row);
        beyond_[p] = std::abs(features(p, features.cols() - 1));
        effect += gram_(p, p);
        sampling += noise_[p];
        const auto at = static_cast<std::size_t>(row);
        for (auto k = static_cast<std::size_t>(pairs.offsets[at]); k < static_cast<std::size_t>(pairs.offsets[at + 1]);
             ++k) {
            members[pairs.columns[k]].push_back(p);
        }
    }
    signal_ = std::max(effect - sampling, 0.05 * effect) / static_cast<double>(n);
    signal_ = std::max(signal_, std::numeric_limits<double>::min());
    for (const auto& [gene, group] : members) {
        add_group(group);
    }
    for (const PairEmbedding::Source& source : pairs.embedding.sources) {
        const auto f = features.middleCols(source.dimensions.begin, source.dimensions.size());
        shared_.emplace_back(f * f.transpose());
    }
    for (Index p = 0; p < n; ++p) {
        if (beyond_[p] > 0.0) {
            combinations_.push_back(p);
        }
    }
}

std::vector<double> LeaveOut::errors(const Strengths& s) const {
    MatrixD covariance = particular_ + s.combination * (beyond_ * beyond_.transpose());
    for (std::size_t k = 0; k < shared_.size(); ++k) {
        if (s.sources[k] > 0.0) {
            covariance += s.sources[k] * shared_[k];
        }
    }
    covariance.diagonal() += noise_ / signal_ + s.interaction * beyond_;
    covariance.diagonal().array() += s.particular;
    const Index n = noise_.size();
    const MatrixD inverse = Eigen::LLT<MatrixD>(covariance).solve(MatrixD::Identity(n, n));
    const MatrixD left = inverse * gram_;
    std::vector<double> out;
    for (const Group& group : groups_) {
        append_left_out(group, inverse, left, out);
    }
    for (const Index p : combinations_) {
        out.push_back(left.row(p).dot(inverse.row(p)) / (inverse(p, p) * inverse(p, p)));
    }
    return out;
}

void LeaveOut::add_group(const std::vector<Index>& pairs) {
    Group group{pairs, {}};
    for (std::size_t k = 0; k < pairs.size(); ++k) {
        for (const Index other : pairs) {
            particular_(pairs[k], other) += 1.0;
        }
        if (beyond_[pairs[k]] == 0.0) {
            group.singles.push_back(static_cast<Index>(k));
        }
    }
    singles_ += static_cast<Index>(group.singles.size());
    if (!group.singles.empty()) {
        groups_.push_back(std::move(group));
    }
}

void LeaveOut::append_left_out(const Group& group, const MatrixD& inverse, const MatrixD& left,
                               std::vector<double>& out) {
    const auto m = static_cast<Index>(group.pairs.size());
    MatrixD own(m, m);
    MatrixD squares(m, m);
    for (Index a = 0; a < m; ++a) {
        const Index p = group.pairs[static_cast<std::size_t>(a)];
        for (Index b = 0; b < m; ++b) {
            const Index q = group.pairs[static_cast<std::size_t>(b)];
            own(a, b) = inverse(p, q);
            squares(a, b) = left.row(p).dot(inverse.row(q));
        }
    }
    const Eigen::LLT<MatrixD> solver(own);
    const MatrixD half = solver.solve(squares);
    const MatrixD error = solver.solve(half.transpose());
    for (const Index a : group.singles) {
        out.push_back(error(a, a));
    }
}

}  // namespace lazynet::train
