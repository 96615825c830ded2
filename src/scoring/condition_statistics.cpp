#include "lazynet/scoring/condition_statistics.hpp"

#include <vector>

#include "lazynet/mpi/ordered_sum.hpp"

namespace lazynet::scoring {
namespace {

/// Sums over each context's rows, over all ranks, of what `add` adds.
template <typename Add>
MatrixD sum_over_rows(const mpi::Communicator& world, const eval::TrueProfiles& truth, const Add& add) {
    MatrixD sums = MatrixD::Zero(truth.control.rows(), truth.control.cols());
    mpi::ordered_sum(world, {sums.data(), static_cast<std::size_t>(sums.size())}, [&] {
        for (Index row = 0; row < truth.truth.rows(); ++row) {
            const Index context = truth.context[static_cast<std::size_t>(row)];
            add(sums, context, truth.truth.row(row).cast<double>());
        }
    });
    return sums;
}

std::vector<double> rows_per_context(const mpi::Communicator& world, const eval::TrueProfiles& truth) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(truth.control.rows()), 0);
    for (const Index context : truth.context) {
        ++counts[static_cast<std::size_t>(context)];
    }
    world.sum_in_place(counts);
    return {counts.begin(), counts.end()};
}

}  // namespace

void fill_condition_statistics(const mpi::Communicator& world, eval::TrueProfiles& truth) {
    const std::vector<double> rows = rows_per_context(world, truth);
    const MatrixD control = truth.control.cast<double>();
    const MatrixD sums = sum_over_rows(
        world, truth, [](MatrixD& to, Index context, const auto& profile) { to.row(context) += profile; });
    MatrixD with_control(control.rows(), control.cols());
    truth.mean = truth.control;
    for (Index context = 0; context < control.rows(); ++context) {
        const double count = rows[static_cast<std::size_t>(context)];
        with_control.row(context) = (sums.row(context) + control.row(context)) / (count + 1.0);
        if (count > 0.0) {
            truth.mean.row(context) = (sums.row(context) / count).cast<float>();
        }
    }
    MatrixD squares = sum_over_rows(world, truth, [&](MatrixD& to, Index context, const auto& profile) {
        to.row(context) += (profile - with_control.row(context)).cwiseAbs2();
    });
    squares += (control - with_control).cwiseAbs2();
    for (Index context = 0; context < control.rows(); ++context) {
        squares.row(context) /= rows[static_cast<std::size_t>(context)] + 1.0;
    }
    truth.spread = squares.cwiseSqrt().cast<float>();
}

}  // namespace lazynet::scoring
