#pragma once

#include <string>
#include <vector>

#include "lazynet/data/screen.hpp"

namespace lazynet {

/// Says what a training part knows of the conditions outside it.
class Strata {
public:
    /// @param trained per condition of the screen
    Strata(const Screen& screen, const std::vector<bool>& trained);
    /// HeldOut::stratum of a condition that is not trained on.
    [[nodiscard]] std::string of(const Condition& condition) const;

private:
    std::vector<bool> genes_;          ///< per regulator: trained on in some condition
    std::vector<std::string> labels_;  ///< trained on in some context, sorted
};

}  // namespace lazynet
