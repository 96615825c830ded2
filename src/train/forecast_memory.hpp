#pragma once

#include "forecast_sizes.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// Peak memory of a rank in each phase of a run, from its sizes: what is held at the same time at the worst moment.
/// Follows the allocations of trainer.cpp and of what it calls; tests/cli/forecast_test.py holds it to what runs take.
class ForecastMemory {
public:
    /// @param resident bytes of the process before the run begins; @param sharing ranks that share one copy of the
    /// cells
    ForecastMemory(const ForecastSizes& sizes, const TrainConfig& config, const RunOutput& output, double resident,
                   double sharing);

    [[nodiscard]] double averaging() const;
    [[nodiscard]] double pairing() const;
    [[nodiscard]] double loading() const;
    [[nodiscard]] double prior() const;
    [[nodiscard]] double training() const;
    [[nodiscard]] double results() const;
    /// All cells, once for the ranks that share them.
    [[nodiscard]] double cells() const;

private:
    [[nodiscard]] double table() const;
    [[nodiscard]] double embedding() const;
    [[nodiscard]] double fetching(double genes) const;
    [[nodiscard]] double targets(double genes) const;
    [[nodiscard]] double own_blocks() const;
    [[nodiscard]] double blocks_and_prior() const;
    [[nodiscard]] double closed_training() const;
    [[nodiscard]] double tables_in_training() const;
    [[nodiscard]] double batches() const;
    [[nodiscard]] double rounds() const;
    [[nodiscard]] double edges() const;

    const ForecastSizes& s_;
    const TrainConfig& config_;
    const RunOutput& output_;
    double resident_;
    double sharing_;
};

}  // namespace lazynet::train
