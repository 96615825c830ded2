#pragma once

#include <optional>

namespace lazynet::cli {

/// The change of log expression that --knockdown (share that is lost; 0: not given) or --activation (fold; 0: not
/// given) means; nothing when neither is given. @throws UserError when both are, or one is out of its range
std::optional<double> given_shift(double knockdown, double activation);

}  // namespace lazynet::cli
