#include "lazynet/train/response_prior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/train/plan.hpp"

namespace lazynet::train {
namespace {

/// Least noise, as a share of the signal: effects are never linear to the last digit.
constexpr double kLeastNoise = 0.01;
constexpr std::array kMeanGrid{0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0};
constexpr std::array kSourceGrid{0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0};
constexpr std::array kCombinationGrid{0.0, 0.03, 0.1, 0.3, 1.0};
constexpr std::array kInteractionGrid{0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0};
constexpr int kSweeps = 3;

/// Pairs that the prior is chosen on: all, or a sample.
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

/// Products of the pairs' changes, mean over all genes: (pairs, pairs). Partial sums of chunks are rounded to whole
/// numbers of a unit, so that their sum has no order.
MatrixD response_gram(const mpi::Communicator& world, const BlockTargets& observed, Index genes,
                      const std::vector<Index>& rows) {
    const auto n = static_cast<Index>(rows.size());
    const Index chunks = (observed.genes.size() + kChunkGenes - 1) / kChunkGenes;
    const auto part = [&](Index c) {
        const Range columns{c * kChunkGenes, std::min((c + 1) * kChunkGenes, observed.genes.size())};
        const Matrix all = changes_of_others(observed, columns);
        Matrix y(n, all.cols());
        for (Index p = 0; p < n; ++p) {
            y.row(p) = all.row(rows[static_cast<std::size_t>(p)]);
        }
        return y;
    };
    double largest = std::numeric_limits<double>::min();
    for (Index c = 0; c < chunks; ++c) {
        largest = std::max(largest, part(c).rowwise().squaredNorm().maxCoeff() + 0.0);
    }
    const double bound = world.max(largest) * static_cast<double>(genes / kChunkGenes + 1);
    const double scale = std::exp2(60.0 - std::ceil(std::log2(bound)));
    std::vector<std::int64_t> sums(static_cast<std::size_t>(n * n), 0);
    Matrix product(n, n);
    for (Index c = 0; c < chunks; ++c) {
        const Matrix y = part(c);
        product.noalias() = y * y.transpose();
        for (Index k = 0; k < n * n; ++k) {
            sums[static_cast<std::size_t>(k)] += std::llround(scale * static_cast<double>(product.data()[k]));
        }
    }
    world.sum_in_place(sums);
    MatrixD gram(n, n);
    for (Index k = 0; k < n * n; ++k) {
        gram.data()[k] = static_cast<double>(sums[static_cast<std::size_t>(k)]) / (scale * static_cast<double>(genes));
    }
    return gram;
}

/// Shares of the signal that are tried.
struct Strengths {
    std::vector<double> sources;  // the mean effect first
    double combination = 0.0;
    double interaction = 0.1;
};

/// Errors of leaving pairs out, for any strengths.
class LeaveOut {
public:
    LeaveOut(const Pairs& pairs, const std::vector<Index>& rows, const std::vector<double>& noise, MatrixD gram)
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
            for (auto k = static_cast<std::size_t>(pairs.offsets[at]);
                 k < static_cast<std::size_t>(pairs.offsets[at + 1]); ++k) {
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

    [[nodiscard]] double signal() const { return signal_; }
    [[nodiscard]] Index sources() const { return static_cast<Index>(shared_.size()); }
    [[nodiscard]] bool has_combinations() const { return !combinations_.empty(); }

    /// Squared error per value of every single (all pairs of its gene left out), then of every combination (alone left
    /// out).
    [[nodiscard]] std::vector<double> errors(const Strengths& s) const {
        MatrixD covariance = particular_ + s.combination * (beyond_ * beyond_.transpose());
        for (std::size_t k = 0; k < shared_.size(); ++k) {
            if (s.sources[k] > 0.0) {
                covariance += s.sources[k] * shared_[k];
            }
        }
        covariance.diagonal() += noise_ / signal_ + s.interaction * beyond_;
        covariance.diagonal().array() += kLeastNoise;
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
    [[nodiscard]] Index singles() const { return singles_; }

private:
    struct Group {
        std::vector<Index> pairs;    // that perturb the gene
        std::vector<Index> singles;  // places in `pairs` that perturb nothing else
    };

    void add_group(const std::vector<Index>& pairs) {
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

    static void append_left_out(const Group& group, const MatrixD& inverse, const MatrixD& left,
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

double total(const std::vector<double>& errors) {
    return std::accumulate(errors.begin(), errors.end(), 0.0);
}

/// Coordinate descent over grids; the ranks share the trials.
class Search {
public:
    Search(const mpi::Communicator& world, const LeaveOut& data) : world_(world), data_(data) {
        best_.sources.assign(static_cast<std::size_t>(data.sources()), 0.3);
        least_ = total(data.errors(best_));
    }

    Strengths run() {
        for (int sweep = 0; sweep < kSweeps && step_all(); ++sweep) {
        }
        for (std::size_t k = 1; k < best_.sources.size(); ++k) {
            drop_unless_certain(k);
        }
        descend(kMeanGrid, [](Strengths& s) -> double& { return s.sources[0]; });
        return best_;
    }

private:
    bool step_all() {
        bool moved = descend(kMeanGrid, [](Strengths& s) -> double& { return s.sources[0]; });
        for (std::size_t k = 1; k < best_.sources.size(); ++k) {
            moved |= descend(kSourceGrid, [k](Strengths& s) -> double& { return s.sources[k]; });
        }
        if (data_.has_combinations()) {
            moved |= descend(kInteractionGrid, [](Strengths& s) -> double& { return s.interaction; });
            moved |= descend(kCombinationGrid, [](Strengths& s) -> double& { return s.combination; });
        }
        return moved;
    }

    template <std::size_t N, typename Coordinate>
    bool descend(const std::array<double, N>& grid, const Coordinate& coordinate) {
        std::vector<double> mine;
        for (std::size_t k = 0; k < N; ++k) {
            if (static_cast<int>(k) % world_.size() == world_.rank()) {
                Strengths trial = best_;
                coordinate(trial) = grid[k];
                mine.insert(mine.end(), {static_cast<double>(k), total(data_.errors(trial))});
            }
        }
        const std::vector<double> all = world_.gather(std::span<const double>(mine));
        std::array<double, N> errors{};
        for (std::size_t k = 0; k + 1 < all.size(); k += 2) {
            errors[static_cast<std::size_t>(all[k])] = all[k + 1];
        }
        const auto least = std::min_element(errors.begin(), errors.end());
        if (*least >= least_) {
            return false;
        }
        least_ = *least;
        coordinate(best_) = grid[static_cast<std::size_t>(least - errors.begin())];
        return true;
    }

    /// A source stays where it takes away more error than one standard error of what it takes away.
    void drop_unless_certain(std::size_t k) {
        Strengths without = best_;
        without.sources[k] = 0.0;
        const std::vector<double> a = data_.errors(without);
        const std::vector<double> b = data_.errors(best_);
        const auto n = static_cast<double>(a.size());
        double sum = 0.0;
        double squares = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += a[i] - b[i];
            squares += (a[i] - b[i]) * (a[i] - b[i]);
        }
        if (sum < std::sqrt(std::max(0.0, squares - sum * sum / n))) {
            best_ = without;
            least_ = total(a);
        }
    }

    const mpi::Communicator& world_;
    const LeaveOut& data_;
    Strengths best_;
    double least_ = 0.0;
};

/// Error of the strengths relative to that of the mean alone, over singles or over combinations.
double relative(const std::vector<double>& errors, const std::vector<double>& baseline, std::size_t begin,
                std::size_t end) {
    const auto sum = [&](const std::vector<double>& of) {
        return std::accumulate(of.begin() + static_cast<std::ptrdiff_t>(begin),
                               of.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    };
    return begin == end ? std::numeric_limits<double>::quiet_NaN() : sum(errors) / sum(baseline);
}

void describe(const Pairs& pairs, const ResponsePrior& prior, Log& log) {
    std::string text = fmt::format("prior of responses (shares of the signal): mean effect {:g}", prior.strengths[0]);
    for (std::size_t k = 1; k < prior.strengths.size(); ++k) {
        text += fmt::format(", {} {:g}", pairs.embedding.sources[k].name, prior.strengths[k]);
    }
    if (!std::isnan(prior.combinations)) {
        text += fmt::format(", combinations {:g} (particular {:g})", prior.combination, prior.interaction);
    }
    log.info(text);
    if (!std::isnan(prior.unseen)) {
        log.info(fmt::format("perturbations left out: error {:.3f} of the mean's", prior.unseen));
    }
}

}  // namespace

Matrix changes_of_others(const BlockTargets& observed, Range columns) {
    Matrix y = observed.change.middleCols(columns.begin, columns.size());
    VectorD sum = y.cast<double>().colwise().sum().transpose();
    VectorD count = VectorD::Constant(y.cols(), static_cast<double>(y.rows()));
    std::vector<std::pair<Index, Index>> own;
    for (Index p = 0; p < y.rows(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        for (auto k = static_cast<std::size_t>(observed.own[at]); k < static_cast<std::size_t>(observed.own[at + 1]);
             ++k) {
            if (columns.contains(observed.own_output[k])) {
                const Index i = observed.own_output[k] - columns.begin;
                own.emplace_back(p, i);
                sum[i] -= static_cast<double>(y(p, i));
                count[i] -= 1.0;
            }
        }
    }
    for (const auto& [p, i] : own) {
        y(p, i) = static_cast<float>(sum[i] / std::max(1.0, count[i]));
    }
    return y;
}

ResponsePrior choose_response_prior(const mpi::Communicator& world, const Pairs& pairs, const BlockTargets& observed,
                                    Index genes, const std::vector<double>& noise, Log& log) {
    const std::vector<Index> rows = sampled_pairs(pairs.size());
    const LeaveOut data(pairs, rows, noise, response_gram(world, observed, genes, rows));
    const Strengths chosen = Search(world, data).run();
    ResponsePrior prior;
    prior.signal = data.signal();
    prior.strengths = chosen.sources;
    prior.combination = chosen.combination;
    prior.interaction = chosen.interaction;
    prior.variances.perturbation = prior.signal;
    prior.variances.features.setZero(pairs.embedding.features.cols());
    for (std::size_t k = 0; k < chosen.sources.size(); ++k) {
        const Range at = pairs.embedding.sources[k].dimensions;
        prior.variances.features.segment(at.begin, at.size()).setConstant(prior.signal * chosen.sources[k]);
    }
    prior.variances.features[pairs.embedding.dimensions()] = prior.signal * chosen.combination;
    prior.sampling = Eigen::Map<const VectorD>(noise.data(), pairs.size());
    prior.particular =
        prior.signal * chosen.interaction * pairs.embedding.features.col(pairs.embedding.dimensions()).cwiseAbs();
    prior.particular.array() += prior.signal * kLeastNoise;

    Strengths mean_only = chosen;
    std::fill(mean_only.sources.begin() + 1, mean_only.sources.end(), 0.0);
    const auto errors = data.errors(chosen);
    const auto baseline = data.errors(mean_only);
    const auto singles = static_cast<std::size_t>(data.singles());
    prior.unseen = relative(errors, baseline, 0, singles);
    prior.combinations = relative(errors, baseline, singles, errors.size());
    describe(pairs, prior, log);
    return prior;
}

}  // namespace lazynet::train
