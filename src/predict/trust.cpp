#include <cmath>
#include <limits>

#include "lazynet/core/error.hpp"
#include "lazynet/predict/predictions.hpp"

namespace lazynet::predict {
namespace {

constexpr double kHigh = 0.5;
constexpr double kFair = 0.2;

}  // namespace

std::string_view name_of(Trust trust) {
    switch (trust) {
        case Trust::high:
            return "high";
        case Trust::fair:
            return "fair";
        case Trust::low:
            return "low";
    }
    throw InternalError("a trust without a name");
}

double expected_r2(double squared_change, double squared_sd) {
    return squared_sd > 0.0 ? squared_change / (squared_change + squared_sd) : std::numeric_limits<double>::quiet_NaN();
}

Trust trust_of(Ground ground, double expected_r2, bool calibrated) {
    if (ground == Ground::unknown) {
        return Trust::low;
    }
    if (std::isnan(expected_r2)) {
        return ground == Ground::trained ? Trust::fair : Trust::low;
    }
    const bool may_be_high = calibrated || ground == Ground::trained;
    return expected_r2 >= kHigh && may_be_high ? Trust::high : expected_r2 >= kFair ? Trust::fair : Trust::low;
}

std::string_view trust_rule() {
    return "expected_r2 = s^2 / (s^2 + e^2), s and e root mean squares over genes of the predicted change and of its "
           "sd: "
           "the share of the change against control that is explained if the sd is true. high: 0.5 or more; fair: 0.2 "
           "or "
           "more; low: less, or nothing is known of the genes (ground unknown). Where the run has no calibration only "
           "trained perturbations are high, and where there is no sd (one replica) trained ones are fair, others low.";
}

}  // namespace lazynet::predict
