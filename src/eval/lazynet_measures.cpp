#include "measure_families.hpp"

/// Our own headline: squared errors of a row, whose sums over rows make "error relative to no change" (sum of errors /
/// sum of those of no change) and "R2 over the training mean" (1 - sum of errors / sum of those of the mean).
namespace lazynet::eval {
namespace {

double without_own(const ProfileRow& row, const VectorD& reference) {
    double own = 0;
    for (const std::int32_t g : row.own) {
        const double miss = row.truth[g] - reference[g];
        own += miss * miss;
    }
    return (row.truth - reference).squaredNorm() - own;
}

double whole(const ProfileRow& row, const VectorD& reference) {
    return (row.truth - reference).squaredNorm();
}

const VectorD& prediction(const ProfileRow& row) {
    return row.predicted;
}
const VectorD& no_change(const ProfileRow& row) {
    return row.context->control;
}
const VectorD& training_mean(const ProfileRow& row) {
    return row.training_mean;
}

using Reference = const VectorD& (*)(const ProfileRow&);

RowMeasure term(const std::string& name, Reference reference, bool with_own, double perfect, const std::string& what) {
    const std::string genes = with_own ? "all genes, the perturbed ones included" : "all genes but the perturbed ones";
    return {{"lazynet_" + name + (with_own ? "_with_own" : ""), kLowerIsBetter, perfect,
             "sum over " + genes + " of (t - " + what + ")^2"},
            [=](const ProfileRow& row) {
                return with_own ? whole(row, reference(row)) : without_own(row, reference(row));
            }};
}

RowMeasure relative(const std::string& name, Reference reference, bool with_own, const std::string& what) {
    const std::string genes = with_own ? "all genes, the perturbed ones included" : "all genes but the perturbed ones";
    const auto error = with_own ? whole : without_own;
    return {{"lazynet_" + name + (with_own ? "_with_own" : ""), kHigherIsBetter, 1.0,
             "1 - sum (t - y)^2 / sum (t - " + what + ")^2 over " + genes},
            [=](const ProfileRow& row) { return 1.0 - error(row, row.predicted) / error(row, reference(row)); }};
}

}  // namespace

std::vector<RowMeasure> lazynet_measures() {
    std::vector<RowMeasure> all;
    for (const bool with_own : {false, true}) {
        all.push_back(relative("r2_over_no_change", no_change, with_own, "control mean"));
        all.push_back(relative("r2_over_training_mean", training_mean, with_own, "training mean"));
        all.push_back(term("squared_error", prediction, with_own, 0.0, "y"));
        all.push_back(term("squared_error_no_change", no_change, with_own, 0.0, "control mean"));
        all.push_back(term("squared_error_training_mean", training_mean, with_own, 0.0, "training mean"));
    }
    return all;
}

}  // namespace lazynet::eval
