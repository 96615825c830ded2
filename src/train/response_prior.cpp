#include "lazynet/train/response_prior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/train/context_effects.hpp"
#include "lazynet/train/plan.hpp"
#include "leave_out.hpp"

namespace lazynet::train {
namespace {

constexpr std::array kMeanGrid{0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0};
constexpr std::array kSourceGrid{0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0};
constexpr std::array kCombinationGrid{0.0, 0.03, 0.1, 0.3, 1.0};
constexpr std::array kInteractionGrid{0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 1.0, 3.0};
constexpr std::array kParticularGrid{0.01, 0.02, 0.04, 0.08, 0.15, 0.2, 0.3, 0.4};
constexpr int kSweeps = 3;
/// Standard errors that one source must be worth.
constexpr double kLeastCertainty = 0.3;
/// Shares of the mean's error that sources must take away: less than the first is taken for luck, more than the second
/// for knowledge.
constexpr double kNoGain = 0.03;
constexpr double kSureGain = 0.06;

/// Products of the pairs' changes, mean over all genes: (pairs, pairs). Partial sums of the plan's chunks, which are
/// the same for any number of ranks, are rounded to whole numbers of a unit, so that their sum has no order.
MatrixD response_gram(const mpi::Communicator& world, const Plan& plan, const BlockTargets& observed,
                      const std::vector<Index>& rows) {
    const auto n = static_cast<Index>(rows.size());
    const Range chunks = plan.chunks_of(world.rank());
    const auto part = [&](Index c) {
        const Range genes = plan.chunks()[static_cast<std::size_t>(c)].genes;
        const Range columns{genes.begin - observed.genes.begin, genes.end - observed.genes.begin};
        const Matrix all = changes_of_others(observed, columns);
        Matrix y(n, all.cols());
        for (Index p = 0; p < n; ++p) {
            y.row(p) = all.row(rows[static_cast<std::size_t>(p)]);
        }
        return y;
    };
    double largest = std::numeric_limits<double>::min();
    for (Index c = chunks.begin; c < chunks.end; ++c) {
        largest = std::max(largest, part(c).rowwise().squaredNorm().maxCoeff() + 0.0);
    }
    const double bound = world.max(largest) * static_cast<double>(plan.chunks().size());
    const double scale = std::exp2(60.0 - std::ceil(std::log2(bound)));
    std::vector<std::int64_t> sums(static_cast<std::size_t>(n * n), 0);
    Matrix product(n, n);
    for (Index c = chunks.begin; c < chunks.end; ++c) {
        const Matrix y = part(c);
        product.noalias() = y * y.transpose();
        for (Index k = 0; k < n * n; ++k) {
            sums[static_cast<std::size_t>(k)] += std::llround(scale * static_cast<double>(product.data()[k]));
        }
    }
    world.sum_in_place(sums);
    const auto genes = static_cast<double>(plan.chunks().back().genes.end);
    MatrixD gram(n, n);
    for (Index k = 0; k < n * n; ++k) {
        gram.data()[k] = static_cast<double>(sums[static_cast<std::size_t>(k)]) / (scale * genes);
    }
    return gram;
}

/// Which of the pairs left out a strength is chosen by.
enum class Task { singles, combinations };

/// Coordinate descent over grids; the ranks share the trials. Combinations are not a matter of embeddings, nor genes
/// never seen one of combinations: every strength has its task.
class Search {
public:
    Search(const mpi::Communicator& world, const LeaveOut& data) : world_(world), data_(data) {
        best_.sources.assign(static_cast<std::size_t>(data.sources()), 0.3);
    }

    Strengths run() {
        for (int sweep = 0; sweep < kSweeps && step_all(); ++sweep) {
        }
        for (std::size_t k = 1; k < best_.sources.size(); ++k) {
            drop_unless_certain(k);
        }
        fade();
        descend(kMeanGrid, singles(), mean);
        return best_;
    }

private:
    static double& mean(Strengths& s) { return s.sources[0]; }
    /// Screens without singles have combinations only.
    [[nodiscard]] Task singles() const { return data_.singles() > 0 ? Task::singles : Task::combinations; }

    bool step_all() {
        bool moved = descend(kMeanGrid, singles(), mean);
        for (std::size_t k = 1; k < best_.sources.size(); ++k) {
            moved |= descend(kSourceGrid, singles(), [k](Strengths& s) -> double& { return s.sources[k]; });
        }
        if (data_.has_combinations()) {
            moved |=
                descend(kInteractionGrid, Task::combinations, [](Strengths& s) -> double& { return s.interaction; });
            moved |= descend(kParticularGrid, Task::combinations, [](Strengths& s) -> double& { return s.particular; });
            moved |=
                descend(kCombinationGrid, Task::combinations, [](Strengths& s) -> double& { return s.combination; });
        }
        return moved;
    }

    /// Errors of the task's pairs, under the prior that it is done with.
    [[nodiscard]] std::vector<double> errors(Strengths s, Task task) const {
        if (task == Task::combinations) {
            std::fill(s.sources.begin() + 1, s.sources.end(), 0.0);
        }
        const std::vector<double> all = data_.errors(s);
        const auto middle = all.begin() + static_cast<std::ptrdiff_t>(data_.singles());
        return task == Task::singles ? std::vector<double>(all.begin(), middle)
                                     : std::vector<double>(middle, all.end());
    }

    /// Errors for every value of a grid, the trials shared out; the same on every rank.
    template <std::size_t N, typename Coordinate>
    std::vector<std::vector<double>> trials(const std::array<double, N>& grid, Task task,
                                            const Coordinate& coordinate) const {
        std::vector<double> mine;
        for (std::size_t k = 0; k < N; ++k) {
            if (static_cast<int>(k) % world_.size() == world_.rank()) {
                Strengths trial = best_;
                coordinate(trial) = grid[k];
                const std::vector<double> of = errors(trial, task);
                mine.push_back(static_cast<double>(k));
                mine.insert(mine.end(), of.begin(), of.end());
            }
        }
        const std::vector<double> all = world_.gather(std::span<const double>(mine));
        const std::size_t stride = all.size() / N;
        std::vector<std::vector<double>> out(N);
        for (std::size_t at = 0; at + stride <= all.size() && stride > 0; at += stride) {
            out[static_cast<std::size_t>(all[at])] = {all.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                                      all.begin() + static_cast<std::ptrdiff_t>(at + stride)};
        }
        return out;
    }

    template <std::size_t N, typename Coordinate>
    bool descend(const std::array<double, N>& grid, Task task, const Coordinate& coordinate) {
        const double before = coordinate(best_);
        const auto all = trials(grid, task, coordinate);
        const auto total = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
        const auto least =
            std::min_element(all.begin(), all.end(), [&](const auto& a, const auto& b) { return total(a) < total(b); });
        coordinate(best_) = grid[static_cast<std::size_t>(least - all.begin())];
        return coordinate(best_) != before;
    }

    /// A source stays where doing without it is worse, by more than a part of the difference's standard error: whether
    /// all of them together are worth having is another question (fade).
    void drop_unless_certain(std::size_t k) {
        Strengths without = best_;
        without.sources[k] = 0.0;
        if (!is_worse(errors(without, singles()), errors(best_, singles()))) {
            best_ = without;
        }
    }

    /// Little gain over the mean alone is rarely a gain on other perturbations: the sources fade out with it.
    void fade() {
        Strengths without = best_;
        std::fill(without.sources.begin() + 1, without.sources.end(), 0.0);
        const auto total = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
        const double gain = 1.0 - total(errors(best_, singles())) / total(errors(without, singles()));
        const double share = std::clamp((gain - kNoGain) / (kSureGain - kNoGain), 0.0, 1.0);
        for (std::size_t k = 1; k < best_.sources.size(); ++k) {
            best_.sources[k] *= share;
        }
    }

    static bool is_worse(const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0.0;
        double squares = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += a[i] - b[i];
            squares += (a[i] - b[i]) * (a[i] - b[i]);
        }
        const double variance = squares - sum * sum / static_cast<double>(std::max<std::size_t>(a.size(), 1));
        return sum > kLeastCertainty * std::sqrt(std::max(0.0, variance));
    }

    const mpi::Communicator& world_;
    const LeaveOut& data_;
    Strengths best_;
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
    if (const ContextEffects effects(observed, columns); effects.any()) {
        for (Index p = 0; p < y.rows(); ++p) {
            y.row(p) -= effects.of_pair(p);
        }
    }
    return y;
}

ResponsePrior choose_response_prior(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                                    const BlockTargets& observed, const std::vector<double>& noise, Log& log) {
    const std::vector<Index> rows = sampled_pairs(pairs.size());
    const LeaveOut data(pairs, rows, noise, response_gram(world, plan, observed, rows));
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
    prior.trained = prior.variances;
    if (data.has_combinations()) {
        const Index from = pairs.embedding.sources[0].dimensions.end;
        prior.trained.features.segment(from, pairs.embedding.dimensions() - from).setZero();
        prior.is_one = prior.trained.features == prior.variances.features;
    }
    prior.sampling = Eigen::Map<const VectorD>(noise.data(), pairs.size());
    prior.particular =
        prior.signal * chosen.interaction * pairs.embedding.features.col(pairs.embedding.dimensions()).cwiseAbs();
    prior.particular.array() += prior.signal * chosen.particular;

    Strengths mean_only = chosen;
    std::fill(mean_only.sources.begin() + 1, mean_only.sources.end(), 0.0);
    Strengths no_sum = mean_only;
    no_sum.interaction = 1e6;  // combinations tell nothing, so that only their members do
    const auto errors = data.errors(chosen);
    const auto baseline = data.errors(mean_only);
    const auto singles = static_cast<std::size_t>(data.singles());
    prior.unseen = relative(errors, baseline, 0, singles);
    prior.combinations = relative(baseline, data.errors(no_sum), singles, errors.size());
    describe(pairs, prior, log);
    return prior;
}

}  // namespace lazynet::train
