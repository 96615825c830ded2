#pragma once

#include <string>

#include "lazynet/data/screen.hpp"
#include "lazynet/train/config.hpp"

namespace lazynet::train {

/// Fits a resolved configuration to what the rows of a screen are and what is known of their noise: where it is not
/// known there is nothing to resample, so each replica's own noise is left out.
/// @returns what was changed and why; "" if nothing
/// @throws UserError when the configuration asks for what such rows cannot give
std::string fit_to_rows(TrainConfig& config, const Screen& screen);

}  // namespace lazynet::train
