#include <algorithm>
#include <map>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/train/response_fit.hpp"

namespace lazynet::train {
namespace {

constexpr Index kFolds = 10;

/// Some pairs' inputs, gathered.
struct Selection {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    MatrixD features;
    VectorD noise;
    [[nodiscard]] ResponseInputs inputs() const { return {{offsets, columns, values}, &features}; }
};

Selection select(const Pairs& pairs, const ResponsePrior& prior, const std::vector<Index>& rows) {
    Selection out;
    out.features.resize(static_cast<Index>(rows.size()), pairs.embedding.features.cols());
    out.noise.resize(out.features.rows());
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto p = static_cast<std::size_t>(rows[r]);
        for (auto k = static_cast<std::size_t>(pairs.offsets[p]); k < static_cast<std::size_t>(pairs.offsets[p + 1]);
             ++k) {
            out.columns.push_back(pairs.columns[k]);
            out.values.push_back(pairs.values[k]);
        }
        out.offsets.push_back(static_cast<std::int64_t>(out.columns.size()));
        out.features.row(static_cast<Index>(r)) = pairs.embedding.features.row(rows[r]);
        out.noise[static_cast<Index>(r)] = prior.sampling[rows[r]] + prior.particular[rows[r]];
    }
    return out;
}

std::vector<std::int32_t> members(const Pairs& pairs, Index p) {
    const auto begin = pairs.columns.begin() + static_cast<std::ptrdiff_t>(pairs.offsets[static_cast<std::size_t>(p)]);
    const auto end =
        pairs.columns.begin() + static_cast<std::ptrdiff_t>(pairs.offsets[static_cast<std::size_t>(p) + 1]);
    return {begin, end};
}

/// Folds of things, evenly and at random.
template <typename Key>
void deal(std::map<Key, int>& fold_of, const Random& random, int first) {
    std::vector<std::int64_t> order(fold_of.size());
    std::iota(order.begin(), order.end(), 0);
    random.shuffle(order);
    std::size_t at = 0;
    for (auto& [key, fold] : fold_of) {
        fold = first + static_cast<int>(order[at++] % kFolds);
    }
}

/// Predictions and means of one fold from the pairs that it trains on.
void validate_fold(const Pairs& pairs, const ResponsePrior& prior, const std::vector<Index>& train,
                   const std::vector<Index>& test, int fold, ResponseValidation& out) {
    if (train.empty() || test.empty()) {
        return;
    }
    const Selection known = select(pairs, prior, train);
    const Selection asked = select(pairs, prior, test);
    const ResponseRidge ridge(known.inputs(), fold < kFolds ? prior.variances : prior.trained, known.noise);
    const auto n = static_cast<Index>(train.size());
    const MatrixD weights = ridge.solve(ridge.covariance_with(asked.inputs()));
    for (std::size_t t = 0; t < test.size(); ++t) {
        for (std::size_t r = 0; r < train.size(); ++r) {
            out.weights(test[t], train[r]) = static_cast<float>(weights(static_cast<Index>(r), static_cast<Index>(t)));
        }
    }
    for (const Index p : train) {
        out.means(fold, p) = 1.0f / static_cast<float>(n);
    }
}

}  // namespace

ResponseValidation validate_responses(const Pairs& pairs, const ResponsePrior& prior, std::uint64_t seed) {
    ResponseValidation out;
    const Index n = pairs.size();
    out.weights.setZero(n, n);
    out.means.setZero(2 * kFolds, n);
    std::map<std::int32_t, int> gene_fold;
    std::map<std::vector<std::int32_t>, int> combination_fold;
    for (Index p = 0; p < n; ++p) {
        const auto genes = members(pairs, p);
        if (genes.size() == 1) {
            gene_fold.emplace(genes[0], 0);
        } else {
            combination_fold.emplace(genes, 0);
        }
    }
    deal(gene_fold, Random(seed, "validation genes"), 0);
    deal(combination_fold, Random(seed, "validation combinations"), static_cast<int>(kFolds));
    for (Index p = 0; p < n; ++p) {
        const auto genes = members(pairs, p);
        out.fold.push_back(genes.size() == 1 ? gene_fold.at(genes[0]) : combination_fold.at(genes));
    }
    for (int fold = 0; fold < static_cast<int>(2 * kFolds); ++fold) {
        std::vector<Index> train;
        std::vector<Index> test;
        for (Index p = 0; p < n; ++p) {
            const auto genes = members(pairs, p);
            const bool touched = std::any_of(genes.begin(), genes.end(), [&](std::int32_t g) {
                const auto at = gene_fold.find(g);
                return at != gene_fold.end() && at->second == fold;
            });
            const bool asked = out.fold[static_cast<std::size_t>(p)] == fold;
            if (asked) {
                test.push_back(p);
            } else if (!touched) {
                train.push_back(p);
            }
        }
        validate_fold(pairs, prior, train, test, fold, out);
    }
    return out;
}

}  // namespace lazynet::train
