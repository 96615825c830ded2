#include "lazynet/data/value_sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazynet/core/error.hpp"

namespace lazynet {
namespace {

/// log1p of 1e4 counts is 9.2, of 1e6 13.8; natural logs of anything normalised stay below this.
constexpr float kLargestLog = 15.0F;

std::string why_bad(float value, Normalization expected) {
    if (!std::isfinite(value)) {
        return fmt::format("{} is not a number that can be used; mend the file", value);
    }
    if (expected == Normalization::none) {
        return fmt::format("{} is too large to be used as it is (at most {}); scale the values", value,
                           kLargestPlainValue);
    }
    if (value < 0) {
        return fmt::format(
            "{} is negative, so these are z-scored or scaled data; give raw counts or log1p values, perhaps "
            "in another layer (--layer NAME, --layer raw), or say --normalization none to use the values as they are "
            "(centroids, effects, components)",
            value);
    }
    if (expected == Normalization::counts) {
        return fmt::format(
            "{} is not an integer, so these are not raw counts; if they are log-normalised, say --normalization log1p",
            value);
    }
    return fmt::format("{} cannot be used", value);
}

struct Extremes {
    float largest = 0;
    std::size_t fraction = 0;  ///< first entry that is not an integer; values.size() if none
    Index nonzero = 0;
};

Extremes look(const ValueSample& sample) {
    Extremes extremes;
    extremes.fraction = sample.values.size();
    for (std::size_t i = 0; i < sample.values.size(); ++i) {
        const float v = sample.values[i];
        extremes.largest = std::max(extremes.largest, v);
        extremes.nonzero += v != 0 ? 1 : 0;
        if (v != std::rint(v) && extremes.fraction == sample.values.size()) {
            extremes.fraction = i;
        }
    }
    return extremes;
}

}  // namespace

std::string bad_value_text(const std::string& file, const std::string& matrix, Index cell, const std::string& gene,
                           float value, Normalization expected) {
    return fmt::format("{}: {}: cell {} (the first is 0), gene {}: {}", file, matrix, cell, gene,
                       why_bad(value, expected));
}

FoundNormalization detect_normalization(const ValueSample& sample, const std::vector<std::string>& genes,
                                        const std::string& wanted) {
    const auto refuse = [&](std::size_t i, Normalization expected) {
        throw UserError(fmt::format("cell {} (the first is 0), gene {}: {}", sample.cells[i],
                                    genes.at(static_cast<std::size_t>(sample.genes[i])),
                                    why_bad(sample.values[i], expected)));
    };
    const bool plain = wanted == "none";
    for (std::size_t i = 0; i < sample.values.size(); ++i) {
        const bool fits = plain ? std::abs(sample.values[i]) <= kLargestPlainValue : sample.values[i] >= 0;
        if (!fits || !std::isfinite(sample.values[i])) {
            refuse(i, plain ? Normalization::none : Normalization::counts);
        }
    }
    const Extremes seen = look(sample);
    if (seen.nonzero == 0) {
        throw UserError(
            "every value looked at is zero (the matrix is empty); choose another one with --layer NAME or --layer raw");
    }
    if (plain) {
        return {Normalization::none,
                fmt::format("used as they are, given with --normalization ({} looked at)", sample.values.size())};
    }
    const bool whole = seen.fraction == sample.values.size();
    const std::string basis = fmt::format("{} values looked at, the largest {}", sample.values.size(), seen.largest);
    if (wanted == "counts") {
        if (!whole) {
            refuse(seen.fraction, Normalization::counts);
        }
        return {Normalization::counts, "given with --normalization (" + basis + ")"};
    }
    if (wanted == "log1p") {
        return {Normalization::log1p, "given with --normalization (" + basis + ")"};
    }
    if (whole && seen.largest >= 2) {
        return {Normalization::counts, "all integers (" + basis + ")"};
    }
    if (whole) {
        throw UserError(
            "the values looked at are zeros and ones only: counts or something else? Say --normalization counts if "
            "they are counts");
    }
    if (seen.largest >= kLargestLog) {
        throw UserError(fmt::format(
            "the values are not integers and reach {}: normalised but not log-transformed. Give raw counts (perhaps in "
            "another layer: --layer NAME, --layer raw) or take log1p; if these are logs, say --normalization log1p",
            seen.largest));
    }
    return {Normalization::log1p, fmt::format("not integers, not negative, below {} ({})", kLargestLog, basis)};
}

}  // namespace lazynet
