#pragma once

#include <string>
#include <vector>

#include "lazynet/train/prediction.hpp"
#include "lazynet/train/run_results.hpp"

namespace lazynet::train {

/// How far predictions of this run are from the truth, by what they lean on (predict/run_models.hpp, Ground): the
/// variance of a value of gene i is `ensemble` * (ensemble variance) + `residual` * residual_sd[i]^2.
struct Calibration {
    struct Line {
        std::string ground;
        double ensemble = 1.0;
        double residual = 0.0;
    };
    std::vector<Line> lines;
    std::vector<double> residual_sd;  ///< per gene: of single perturbations left out, sampling noise taken out
};

/// From the predictions of pairs that were left out. @pre facts.prior, and predictions made with a validation
Calibration calibrate(const RunFacts& facts, const Predictions& predictions);

}  // namespace lazynet::train
