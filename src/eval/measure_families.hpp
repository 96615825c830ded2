#pragma once

#include <functional>
#include <vector>

#include "lazynet/eval/profiles.hpp"
#include "profile_row.hpp"

namespace lazynet::eval {

/// What a measure needs besides means.
enum class Needs : std::uint8_t {
    means,
    differential,  ///< differential expression of the truth
    spread,        ///< TrueProfiles::spread
};

/// A measure of one row: what it is called beside how it is made.
struct RowMeasure {
    Measure about;
    std::function<double(const ProfileRow&)> value;
    Needs needs = Needs::means;
};

/// Measures by source; each in a file of its own.
std::vector<RowMeasure> lazynet_measures();
std::vector<RowMeasure> gears_measures();
std::vector<RowMeasure> celleval_measures();
std::vector<RowMeasure> perturbench_measures();
std::vector<RowMeasure> const_ae_measures();
std::vector<RowMeasure> cellsimbench_measures();
std::vector<RowMeasure> openproblems_measures();

constexpr bool kHigherIsBetter = true;
constexpr bool kLowerIsBetter = false;

}  // namespace lazynet::eval
