#include "lazynet/scoring/pairwise.hpp"

#include <algorithm>
#include <limits>

#include "pairwise_contest.hpp"
#include "pairwise_rows.hpp"

namespace lazynet::scoring {
namespace {

/// Truths that pass at a time, and predictions that are kept ready for them: memory, genes x (256 + 2048) x 3 floats.
constexpr Index kPassing = 256;
constexpr Index kReady = 2048;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Sides {
    const mpi::Communicator& world;
    const eval::TrueProfiles& truth;
    const eval::PredictedProfiles& predicted;
    std::vector<ContextControls> controls;
    std::vector<Index> firsts;  ///< per rank, and one more: its first row among those of all ranks

    [[nodiscard]] Index rows() const { return truth.truth.rows(); }
    [[nodiscard]] Index first() const { return firsts[static_cast<std::size_t>(world.rank())]; }
    [[nodiscard]] std::span<const Index> contexts(Index first_row, Index count) const {
        return std::span(truth.context).subspan(static_cast<std::size_t>(first_row), static_cast<std::size_t>(count));
    }
    [[nodiscard]] PredictedRows predictions(Index first_row, Index count) const {
        const Matrix& mean = predicted.mean;
        return prepare_predicted(
            {mean.data() + first_row * mean.cols(), count, mean.cols()}, contexts(first_row, count),
            std::span(truth.own).subspan(static_cast<std::size_t>(first_row), static_cast<std::size_t>(count)),
            controls);
    }
    [[nodiscard]] PairwiseRows truths(Index first_row, Index count) const {
        const Matrix& mean = truth.truth;
        return prepare_truth({mean.data() + first_row * mean.cols(), count, mean.cols()}, contexts(first_row, count),
                             controls);
    }
};

std::vector<Index> first_rows(const mpi::Communicator& world, Index rows) {
    std::vector<Index> firsts = {0};
    for (const std::int64_t count : world.gather(std::span<const std::int64_t>(std::array{std::int64_t{rows}}))) {
        firsts.push_back(firsts.back() + count);
    }
    return firsts;
}

/// Distances of this rank's predictions to their own truths; contexts and fingerprints of all ranks.
OwnDistances own_distances(const Sides& sides) {
    OwnDistances own;
    for (VectorD& distances : own.to_truth) {
        distances.resize(sides.rows());
    }
    for (Index first = 0; first < sides.rows(); first += kPassing) {
        const Index count = std::min(kPassing, sides.rows() - first);
        const PredictedRows predicted = sides.predictions(first, count);
        const PairwiseRows truth = sides.truths(first, count);
        for (Index row = 0; row < count; ++row) {
            for (std::size_t k = 0; k < kToTruths; ++k) {
                own.to_truth[k][first + row] = exact_distance(static_cast<ToTruths>(k), predicted, row, truth, row);
            }
            for (std::size_t k = 0; k < kToPredictions; ++k) {
                own.all[k].push_back(exact_distance(static_cast<ToPredictions>(k), predicted, row, truth, row));
            }
            const bool finite =
                sides.truth.truth.row(first + row).allFinite() && sides.predicted.mean.row(first + row).allFinite();
            own.context.push_back(finite ? sides.truth.context[static_cast<std::size_t>(first + row)] : kNotCompared);
            own.fingerprint.push_back(static_cast<std::int64_t>(predicted.fingerprint[static_cast<std::size_t>(row)]));
        }
    }
    for (std::vector<double>& distances : own.all) {
        distances = sides.world.gather(std::span<const double>(distances));
    }
    own.fingerprint = sides.world.gather(std::span<const std::int64_t>(own.fingerprint));
    own.context = sides.world.gather(std::span<const std::int64_t>(own.context));
    return own;
}

/// Every rank's truths pass every rank's predictions, some at a time.
void pass_truths(const Sides& sides, const std::vector<std::int64_t>& context, const Stretch<PredictedRows>& ready,
                 PairwiseContest& contest) {
    const Index genes = sides.truth.truth.cols();
    Matrix passing;
    for (int owner = 0; owner < sides.world.size(); ++owner) {
        const Index begin = sides.firsts[static_cast<std::size_t>(owner)];
        const Index end = sides.firsts[static_cast<std::size_t>(owner) + 1];
        for (Index first = begin; first < end; first += kPassing) {
            passing.resize(std::min(kPassing, end - first), genes);
            if (owner == sides.world.rank()) {
                passing = sides.truth.truth.middleRows(first - begin, passing.rows());
            }
            sides.world.broadcast(
                std::as_writable_bytes(std::span(passing.data(), static_cast<std::size_t>(passing.size()))), owner);
            if (ready.rows.rows() > 0) {
                std::vector<Index> where(context.begin() + first, context.begin() + first + passing.rows());
                std::replace(where.begin(), where.end(), Index{kNotCompared}, Index{0});  // any; they are passed over
                const PairwiseRows truths = prepare_truth(cview(passing), where, sides.controls);
                contest.compare(ready, ready.first - sides.first(), {truths, first});
            }
        }
    }
}

/// Rows of the same context, per row of this rank; NaN for those that are not compared.
std::vector<double> competitors(const Sides& sides, const std::vector<std::int64_t>& context) {
    std::vector<double> of_context(static_cast<std::size_t>(sides.truth.control.rows()), 0.0);
    for (const std::int64_t c : context) {
        if (c != kNotCompared) {
            of_context[static_cast<std::size_t>(c)] += 1.0;
        }
    }
    std::vector<double> of_row;
    for (Index row = 0; row < sides.rows(); ++row) {
        const std::int64_t c = context[static_cast<std::size_t>(sides.first() + row)];
        of_row.push_back(c == kNotCompared ? kNaN : of_context[static_cast<std::size_t>(c)]);
    }
    return of_row;
}

eval::MeasureTable as_table(const Sides& sides, const std::vector<double>& rows, PairwiseContest& contest) {
    eval::MeasureTable table{pairwise_measure_list(), MatrixD(sides.rows(), 6)};
    for (Index row = 0; row < sides.rows(); ++row) {
        const auto at = static_cast<std::size_t>(row);
        const auto discrimination = [&](ToTruths by) {
            const Tally& tally = contest.of_predictions(by)[at];
            return 1.0 - static_cast<double>(tally.better + tally.tied_before) / rows[at];
        };
        const auto rank = [&](ToPredictions by) {
            return static_cast<double>(contest.of_truths(by)[at + static_cast<std::size_t>(sides.first())]) / rows[at];
        };
        const Tally& whole = contest.of_predictions(ToTruths::whole_euclid)[at];
        const double others = rows[at] - 1.0;
        table.values.row(row) << discrimination(ToTruths::absolute), discrimination(ToTruths::euclid),
            discrimination(ToTruths::cosine), rank(ToPredictions::euclid), rank(ToPredictions::log_cosine),
            others > 0.0 ? (others - static_cast<double>(whole.better + whole.tied)) / others : kNaN;
    }
    return table;
}

}  // namespace

std::vector<eval::Measure> pairwise_measure_list() {
    const std::string discrimination =
        "1 - rank / P of the own true effect t - c among those of the context's P perturbations, by distance to the "
        "predicted effect y - c', own genes left out; ties count by row order (a stable argsort): ";
    const std::string rank =
        "share of the context's P predictions that come before the own one for a given truth, 0 best, ties by row "
        "order, by ";
    return {
        {"celleval_discrimination_l1", true, 1.0, discrimination + "sum of |difference|"},
        {"celleval_discrimination_l2", true, 1.0, discrimination + "Euclidean distance"},
        {"celleval_discrimination_cosine", true, 1.0, discrimination + "1 - cosine"},
        {"perturbench_rank_rmse_average", false, 0.0, rank + "rmse of means"},
        {"perturbench_rank_cosine_logfc", false, 0.0, rank + "cosine of log2 fold changes of means"},
        {"cellsimbench_nir", true, 1.0,
         "share of the context's other true profiles that are farther (Euclid, strictly) from the prediction than its "
         "own"},
    };
}

eval::MeasureTable pairwise_measures(const mpi::Communicator& world, const eval::TrueProfiles& truth,
                                     const eval::PredictedProfiles& predicted) {
    const Sides sides{world, truth, predicted, controls_of(truth, predicted), first_rows(world, truth.truth.rows())};
    const OwnDistances own = own_distances(sides);
    PairwiseContest contest(sides.controls, own);
    const std::int64_t rounds = world.max((sides.rows() + kReady - 1) / kReady);
    for (std::int64_t round = 0; round < rounds; ++round) {
        const Index first = std::min(sides.rows(), round * kReady);
        const PredictedRows ready = sides.predictions(first, std::min(kReady, sides.rows() - first));
        pass_truths(sides, own.context, {ready, sides.first() + first}, contest);
    }
    for (std::size_t k = 0; k < kToPredictions; ++k) {
        world.sum_in_place(contest.of_truths(static_cast<ToPredictions>(k)));
    }
    return as_table(sides, competitors(sides, own.context), contest);
}

}  // namespace lazynet::scoring
