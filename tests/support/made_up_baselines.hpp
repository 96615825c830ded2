#pragma once

#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "lazynet/eval/smoothers.hpp"

namespace lazynet {

/// The made-up screen of tests/fixtures/make_baselines.py, and what numpy makes of it.
struct MadeUpBaselines {
    static constexpr Index kGenes = 600;
    static constexpr Index kRegulators = 12;
    static constexpr Index kContexts = 2;

    std::vector<eval::Perturbed> training;
    std::vector<eval::Perturbed> test;
    std::vector<Index> gene_of;
    std::vector<Index> shown;
    std::map<std::string, Matrix> predictions;  ///< (test, shown)

    explicit MadeUpBaselines(const std::string& fixture) {
        std::ifstream file(fixture);
        std::string word;
        std::size_t n = 0;
        for (auto* conditions : {&training, &test}) {
            file >> word >> n;
            conditions->resize(n);
            for (eval::Perturbed& condition : *conditions) {
                file >> condition.context;
                condition.genes = numbers(file);
            }
        }
        file >> word;
        gene_of = numbers(file);
        file >> word;
        shown = numbers(file);
        file >> word >> n;
        for (std::size_t k = 0; k < n; ++k) {
            file >> word;
            Matrix& values = predictions[word];
            values.resize(static_cast<Index>(test.size()), static_cast<Index>(shown.size()));
            for (Index i = 0; i < values.size(); ++i) {
                file >> values.data()[i];
            }
        }
    }

    static Matrix changes(Index conditions, Range genes) {
        return Matrix::NullaryExpr(conditions, genes.size(), [&](Index q, Index i) {
            const auto g = static_cast<double>(genes.begin + i + 1);
            return static_cast<float>(
                0.4 * std::sin(0.7 * static_cast<double>(q + 1) + 0.013 * static_cast<double>(q + 2) * g) +
                0.2 * std::cos(0.05 * g));
        });
    }
    static Matrix controls(Range genes) {
        return Matrix::NullaryExpr(kContexts, genes.size(), [&](Index c, Index i) {
            return static_cast<float>(
                1.5 + std::sin(0.03 * static_cast<double>(genes.begin + i + 1) * static_cast<double>(c + 1)));
        });
    }
    /// (regulators, genes of the graph)
    static eval::Features graph() {
        MatrixD dense = MatrixD::NullaryExpr(kRegulators, kRegulators, [](Index i, Index j) {
            return i == kRegulators - 1 || (i + j) % 3 == 0 ? 0.0 : std::exp(-0.5 * std::abs(double(i - j)));
        });
        return dense.sparseView();
    }

private:
    static std::vector<Index> numbers(std::ifstream& file) {
        std::size_t n = 0;
        file >> n;
        std::vector<Index> values(n);
        for (Index& value : values) {
            file >> value;
        }
        return values;
    }
};

}  // namespace lazynet
