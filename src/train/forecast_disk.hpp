#pragma once

#include "forecast_sizes.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// Bytes of run.h5ad: everything that write_run declares.
double results_bytes(const ForecastSizes& s, const TrainConfig& config, const Screen& screen);

/// Bytes of the edge list that is asked for; 0: none.
double edge_list_bytes(const ForecastSizes& s, const RunOutput& output, const Screen& screen);

/// Bytes that a folder of checkpoints takes at most. What is finished, the averaged table and the parameters of shards
/// that are done, is there once; the two newest steps hold the whole state of the shards in training.
double checkpoint_bytes(const ForecastSizes& s);

}  // namespace lazynet::train
