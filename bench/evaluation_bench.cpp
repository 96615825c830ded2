// All measures of predicted profiles, end to end: mpirun -n 2 evaluation_bench [perturbations genes]
//
// Made-up profiles of a screen's size (default 10,000 x 8,000), ranks hold contiguous rows. The bar is a minute on two
// ranks for everything that needs no cells; measures of differential genes are timed beside it.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>

#include "lazynet/core/random.hpp"
#include "lazynet/eval/calibration.hpp"
#include "lazynet/eval/differential_measures.hpp"
#include "lazynet/eval/profile_measures.hpp"
#include "lazynet/eval/summary.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/scoring/condition_statistics.hpp"
#include "lazynet/scoring/pairwise.hpp"

namespace {

using namespace lazynet;

/// Cheap numbers of about unit variance: what they are does not matter here.
void fill_row(Eigen::Ref<Eigen::RowVectorXf> row, std::int64_t which, float scale) {
    const Random random(3, "profiles", {which});
    for (Index g = 0; g < row.size(); ++g) {
        row[g] = scale * 3.4F * static_cast<float>(random.uniform(static_cast<std::uint64_t>(g)) - 0.5);
    }
}

struct Screen {
    eval::TrueProfiles truth;
    eval::PredictedProfiles predicted;
    eval::DifferentialTable differential;
};

Screen made_up(Range rows, Index genes) {
    Screen s;
    s.truth.control.resize(1, genes);
    fill_row(s.truth.control.row(0), -1, 0.5F);
    s.truth.control.array() += 1.0F;
    s.truth.truth.resize(rows.size(), genes);
    s.predicted.mean.resize(rows.size(), genes);
    s.differential.score.resize(rows.size(), genes);
    for (Index k = 0; k < rows.size(); ++k) {
        const Index row = rows.begin + k;
        fill_row(s.truth.truth.row(k), 2 * row, 0.1F);
        fill_row(s.predicted.mean.row(k), 2 * row + 1, 0.1F);
        s.differential.score.row(k) = 20.0F * s.truth.truth.row(k);
        s.predicted.mean.row(k) = s.truth.control.row(0) + 0.3F * (s.predicted.mean.row(k) + s.truth.truth.row(k));
        s.truth.truth.row(k) += s.truth.control.row(0);
        s.truth.context.push_back(0);
        s.truth.cells.push_back(100);
        s.truth.own.push_back({static_cast<std::int32_t>(row % genes)});
    }
    s.predicted.control = s.truth.control;
    s.predicted.sd = Matrix::Constant(rows.size(), genes, 0.1F);
    s.differential.log_fold = s.differential.score;
    s.differential.rank_q = (-s.differential.score.array().abs()).exp().matrix();
    s.differential.rank_p = s.differential.rank_q;
    s.differential.score_q = s.differential.rank_q;
    return s;
}

/// Times of the slowest rank; on a machine that others use too, what it was busy is what counts.
class Clock {
public:
    explicit Clock(const mpi::Communicator& world) : world_(world) {}
    void lap(const std::string& what) {
        const double busy_s = world_.max(static_cast<double>(std::clock() - busy_) / CLOCKS_PER_SEC);
        const double elapsed_s =
            world_.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - last_).count());
        if (world_.is_root()) {
            fmt::print("{:<34}{:8.2f} s{:8.2f} s busy\n", what, elapsed_s, busy_s);
        }
        last_ = std::chrono::steady_clock::now();
        busy_ = std::clock();
    }

private:
    const mpi::Communicator& world_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    std::clock_t busy_ = std::clock();
};

int bench(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    const Index perturbations = argc > 1 ? std::atoll(argv[1]) : 10'000;
    const Index genes = argc > 2 ? std::atoll(argv[2]) : 8'000;
    Screen s = made_up(block_of(perturbations, world.size(), world.rank()), genes);
    world.barrier();
    Clock clock(world);
    scoring::fill_condition_statistics(world, s.truth);
    clock.lap("condition statistics");
    const eval::MeasureTable profiles = eval::profile_measures(s.truth, &s.differential, s.predicted);
    clock.lap(fmt::format("profile measures ({})", profiles.measures.size()));
    const eval::MeasureTable pairwise = scoring::pairwise_measures(world, s.truth, s.predicted);
    clock.lap(fmt::format("pairwise measures ({})", pairwise.measures.size()));
    eval::change_ranking_measures(s.truth, s.differential, s.predicted);
    clock.lap("areas of changes");
    eval::differential_measures(s.differential, s.differential);
    clock.lap("differential measures");
    std::vector<Index> rows(static_cast<std::size_t>(s.truth.truth.rows()));
    for (std::size_t k = 0; k < rows.size(); ++k) {
        rows[k] = static_cast<Index>(k);
    }
    eval::count_coverage(s.truth, s.predicted, rows);
    clock.lap("coverage");
    if (world.is_root()) {
        const auto summaries = eval::summarise(profiles.values, eval::Bootstrap{});
        fmt::print("summaries of {} measures\n", summaries.size());
    }
    clock.lap("bootstrap summaries (root's rows)");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return mpi::guarded_main(argc, argv, bench);
}
