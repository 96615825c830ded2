#include "shift_option.hpp"

#include <cmath>

#include "lazynet/core/error.hpp"

namespace lazynet::cli {

std::optional<double> given_shift(double knockdown, double activation) {
    if (knockdown != 0.0 && activation != 0.0) {
        throw UserError("give --knockdown or --activation, not both");
    }
    if (knockdown != 0.0) {
        if (knockdown <= 0.0 || knockdown >= 1.0) {
            throw UserError("--knockdown is the share of expression that is lost, between 0 and 1");
        }
        return std::log(1.0 - knockdown);
    }
    if (activation != 0.0) {
        if (activation <= 1.0) {
            throw UserError("--activation is the fold of expression, above 1");
        }
        return std::log(activation);
    }
    return {};
}

}  // namespace lazynet::cli
