#pragma once

#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::scoring {

/// Every measure of predicted profiles there is, with its definition: what `lazynet evaluate --list-measures` prints.
/// Notation of the definitions: t the true mean of a perturbation, y the predicted one, c the control mean of the
/// truth, c' the prediction's own, mu the mean over perturbations.
std::vector<eval::Measure> measure_list();

}  // namespace lazynet::scoring
