#include "calibration.hpp"

#include <algorithm>
#include <cmath>

namespace lazynet::train {
namespace {

enum class Left { embedded, unknown, combination };

Left kind_of(const Pairs& pairs, Index p) {
    const auto at = static_cast<std::size_t>(p);
    if (pairs.offsets[at + 1] - pairs.offsets[at] > 1) {
        return Left::combination;
    }
    // Beyond the mean effect, which every gene has.
    const Index dimensions = pairs.embedding.dimensions();
    const bool known = pairs.embedding.features.row(p).segment(1, dimensions - 1).squaredNorm() > 0.0;
    return known ? Left::embedded : Left::unknown;
}

/// Sums over some pairs that were left out.
struct Sums {
    double excess = 0.0;  // squared error less sampling noise
    double genes = 0.0;
    [[nodiscard]] double per_gene(double otherwise) const {
        return genes > 0.0 ? std::max(0.0, excess / genes) : otherwise;
    }
};

/// A trained perturbation is shrunk by its own noise, so its ensemble scatters less than its error.
double inverse_trust(const ResponsePrior& prior) {
    return 1.0 + (prior.sampling + prior.particular).mean() / prior.signal;
}

}  // namespace

Calibration calibrate(const RunFacts& facts, const Predictions& predictions) {
    Sums singles, embedded, unknown, combinations;
    for (Index p = 0; p < facts.pairs.size(); ++p) {
        const PairScore& score = predictions.scores[static_cast<std::size_t>(p)];
        const auto add = [&](Sums& to) {
            to.excess += score.held_out - score.noise;
            to.genes += score.genes;
        };
        const Left kind = kind_of(facts.pairs, p);
        add(kind == Left::combination ? combinations : kind == Left::embedded ? embedded : unknown);
        if (kind != Left::combination) {
            add(singles);
        }
    }
    Calibration out;
    double mean = 0.0;
    const double count = facts.pairs.size() > 0 ? singles.genes / static_cast<double>(facts.screen.genes.size()) : 1.0;
    for (const double residual : predictions.gene_residual) {
        out.residual_sd.push_back(std::sqrt(std::max(0.0, residual / std::max(count, 1.0))));
        mean += out.residual_sd.back() * out.residual_sd.back() / static_cast<double>(facts.screen.genes.size());
    }
    // Shares of the mean residual variance over genes; where a kind of pair never occurred, that of singles.
    const auto share = [&](const Sums& of) { return mean > 0.0 ? of.per_gene(singles.per_gene(0.0)) / mean : 0.0; };
    const double combination = share(combinations);
    out.lines = {{"trained", inverse_trust(*facts.prior), 0.0},
                 {"combination", 1.0, combination},
                 {"partly", 1.0, combinations.genes > 0.0 ? combination + share(embedded) : share(embedded)},
                 {"embedded", 1.0, share(embedded)},
                 {"unknown", 1.0, share(unknown)}};
    return out;
}

}  // namespace lazynet::train
