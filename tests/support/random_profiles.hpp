#pragma once

#include <string>

#include "lazynet/eval/profiles.hpp"
#include "random_matrix.hpp"

namespace lazynet {

/// Rows [rows.begin, rows.end) of a made-up screen of `total` perturbations in two contexts; the same rows whoever
/// asks.
inline eval::TrueProfiles random_truth(Range rows, Index total, Index genes, std::uint64_t seed) {
    eval::TrueProfiles truth;
    truth.control = random_matrix(2, genes, Random(seed, "control")).cwiseAbs();
    truth.mean = truth.control + random_matrix(2, genes, Random(seed, "mean"), 0.05F);
    truth.truth.resize(rows.size(), genes);
    for (Index row = rows.begin; row < rows.end; ++row) {
        truth.names.push_back("P" + std::to_string(row));
        truth.context.push_back(row < total / 3 ? 0 : 1);
        truth.cells.push_back(20 + row % 7);
        truth.own.emplace_back();
        if (row % 5 != 4) {
            truth.own.back().push_back(static_cast<std::int32_t>(row % genes));
        }
        if (row % 7 == 3 && (3 * row + 1) % genes > row % genes) {
            truth.own.back().push_back(static_cast<std::int32_t>((3 * row + 1) % genes));
        }
        truth.truth.row(row - rows.begin) =
            (truth.control.row(truth.context.back()) + random_matrix(1, genes, Random(seed, "truth", {row}), 0.3F))
                .cwiseMax(0.0F);
    }
    return truth;
}

/// Predictions of all sorts for them: some good, some bad, some the same as others, no change, or the truth itself.
inline eval::PredictedProfiles random_prediction(const eval::TrueProfiles& truth, Index first, std::uint64_t seed,
                                                 bool own_controls) {
    eval::PredictedProfiles predicted{"made up", truth.truth, truth.control, {}};
    if (own_controls) {
        predicted.control +=
            random_matrix(truth.control.rows(), truth.control.cols(), Random(seed, "own"), 0.02F).cwiseAbs();
    }
    for (Index k = 0; k < truth.truth.rows(); ++k) {
        const Index row = first + k;
        const Index context = truth.context[static_cast<std::size_t>(k)];
        if (row % 6 == 0) {
            predicted.mean.row(k) = predicted.control.row(context);
        } else if (row % 6 == 1) {
            predicted.mean.row(k) = truth.mean.row(context);
        } else if (row % 6 < 5) {
            predicted.mean.row(k) +=
                random_matrix(1, truth.truth.cols(), Random(seed, "noise", {row}), 0.1F * static_cast<float>(row % 6));
        }
    }
    return predicted;
}

}  // namespace lazynet
