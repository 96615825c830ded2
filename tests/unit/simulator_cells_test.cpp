#include "lazynet/data/simulator/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lazynet/core/random.hpp"

namespace lazynet::simulator {
namespace {

struct Drawn {
    std::vector<std::int32_t> genes;
    std::vector<float> counts;
};

Drawn draw(CellSampler& sampler, Index cell, std::span<const float> expression) {
    Drawn drawn;
    sampler.draw(cell, expression, drawn.genes, drawn.counts);
    return drawn;
}

std::vector<float> uneven_expression(std::size_t genes) {
    std::vector<float> expression(genes);
    for (std::size_t g = 0; g < genes; ++g) {
        expression[g] = static_cast<float>(std::exp(2.0 * Random(4, "expression").normal(g)));
    }
    return expression;
}

CellOptions noiseless() {
    CellOptions options;
    options.cell_noise = 0.0;
    options.dispersion = 0.0;
    options.depth_spread = 0.0;
    return options;
}

TEST(NegativeBinomial, HasItsMeanVarianceAndShareOfZeros) {
    const int n = 200000;
    for (const double mean : {0.01, 0.7, 4.0, 29.0, 31.0, 400.0}) {
        for (const double dispersion : {0.0, 0.2, 1.5}) {
            const Random random(3, "nb");
            double sum = 0, squares = 0, zeros = 0;
            for (int i = 0; i < n; ++i) {
                const auto x = static_cast<double>(
                    negative_binomial(mean, dispersion, random.uniform(static_cast<std::uint64_t>(i))));
                sum += x;
                squares += (x - mean) * (x - mean);
                zeros += x == 0.0 ? 1.0 : 0.0;
            }
            const double variance = mean + dispersion * mean * mean;
            EXPECT_NEAR(sum / n, mean, 5.0 * std::sqrt(variance / n)) << mean << " " << dispersion;
            // The fourth central moment of this family is below 3 v^2 (1 + 2 d) + v (1 + 12 d v); five of its errors.
            const double fourth =
                3 * variance * variance * (1 + 2 * dispersion) + variance * (1 + 12 * dispersion * variance);
            EXPECT_NEAR(squares / n, variance, 5.0 * std::sqrt(fourth / n)) << mean << " " << dispersion;
            const double p0 =
                dispersion == 0.0 ? std::exp(-mean) : std::pow(1.0 + dispersion * mean, -1.0 / dispersion);
            EXPECT_NEAR(zeros / n, p0, 5.0 * std::sqrt(p0 * (1 - p0) / n) + 1e-12) << mean << " " << dispersion;
        }
    }
}

TEST(NegativeBinomial, GivesEveryCountItsProbability) {
    // Mean 2, dispersion 1/2: r = 2, p_k = (k + 1) / 4 * 2^-k. Evenly spaced uniforms meet them exactly.
    const int n = 100000;
    std::vector<int> seen(60);
    for (int i = 0; i < n; ++i) {
        ++seen[static_cast<std::size_t>(negative_binomial(2.0, 0.5, (i + 0.5) / n))];
    }
    for (int k = 0; k < 12; ++k) {
        EXPECT_NEAR(seen[static_cast<std::size_t>(k)], n * (k + 1) / 4.0 * std::pow(0.5, k), 1.01) << k;
    }
}

TEST(NegativeBinomial, SurvivesTheEndsOfTheUniformNumbers) {
    const double last = 1.0 - 0x1.0p-53;
    for (const double mean : {1e-12, 0.5, 29.9, 30.1, 1e6}) {
        for (const double dispersion : {0.0, 0.3, 5.0}) {
            for (const double u : {0.0, 0x1.0p-53, 0.5, last}) {
                const auto x = static_cast<double>(negative_binomial(mean, dispersion, u));
                EXPECT_GE(x, 0.0);
                EXPECT_LT(x, 40.0 + 100.0 * (mean + dispersion * mean));
            }
        }
    }
    EXPECT_EQ(negative_binomial(0.0, 0.2, 0.0), 0);
}

TEST(CellSampler, DrawsWhatOneGeneAfterTheOtherWouldGive) {
    // The twin without the quick pass: a negative binomial for every gene.
    const auto expression = uneven_expression(3000);
    const double sum = std::accumulate(expression.begin(), expression.end(), 0.0);
    for (const double seen : {1.0, 0.8}) {
        CellOptions options = noiseless();
        options.dispersion = 0.4;
        options.dropout = 1.0 - seen;
        options.depth = 500.0;  // most rates are tiny, where the quick pass decides almost alone
        CellSampler sampler(options, 3000, 17);
        Index differing = 0;
        for (Index cell = 0; cell < 100; ++cell) {
            const Drawn drawn = draw(sampler, cell, expression);
            const Random random(17, "counts", {cell});
            std::vector<float> twin(3000, 0.0F), got(3000, 0.0F);
            for (std::size_t g = 0; g < 3000; ++g) {
                const double rate = sampler.library_size(cell) * static_cast<double>(expression[g]) / sum;
                if (const double u = random.uniform(g); u < seen) {
                    twin[g] = static_cast<float>(negative_binomial(rate, 0.4, u / seen));
                }
            }
            for (std::size_t i = 0; i < drawn.genes.size(); ++i) {
                EXPECT_GT(drawn.counts[i], 0.0F);
                got[static_cast<std::size_t>(drawn.genes[i])] = drawn.counts[i];
            }
            EXPECT_TRUE(std::is_sorted(drawn.genes.begin(), drawn.genes.end()));
            for (std::size_t g = 0; g < 3000; ++g) {
                differing += got[g] == twin[g] ? 0 : 1;
            }
        }
        EXPECT_LE(differing, 2);  // rates are float32 in the sampler, so one in very many rounds the other way
    }
}

TEST(CellSampler, DoesNotDependOnTheOrderOfCells) {
    const auto expression = uneven_expression(400);
    CellOptions options;
    options.batches = 3;
    CellSampler a(options, 400, 5), b(options, 400, 5), other(options, 400, 6);
    const Drawn first = draw(a, 8, expression);
    for (Index cell = 20; cell > 8; --cell) {
        draw(b, cell, expression);
    }
    const Drawn second = draw(b, 8, expression);
    EXPECT_EQ(first.genes, second.genes);
    EXPECT_EQ(first.counts, second.counts);
    EXPECT_NE(first.counts, draw(other, 8, expression).counts);
}

TEST(CellSampler, CountsAverageToTheExpressionAndVaryAsAsked) {
    const std::size_t genes = 40;
    const int cells = 20000;
    for (const double noise : {0.0, 0.3}) {
        CellOptions options = noiseless();
        options.cell_noise = noise;
        options.depth = 1000.0;
        const std::vector<float> expression(genes, 1.0F);
        CellSampler sampler(options, 40, 2);
        std::vector<double> sum(genes), squares(genes);
        for (Index cell = 0; cell < cells; ++cell) {
            const Drawn drawn = draw(sampler, cell, expression);
            for (std::size_t i = 0; i < drawn.genes.size(); ++i) {
                const double x = static_cast<double>(drawn.counts[i]);
                sum[static_cast<std::size_t>(drawn.genes[i])] += x;
                squares[static_cast<std::size_t>(drawn.genes[i])] += x * x;
            }
        }
        double excess = 0.0;
        for (std::size_t g = 0; g < genes; ++g) {
            const double mean = sum[g] / cells;
            excess += (squares[g] / cells - mean * mean - mean) / (mean * mean) / static_cast<double>(genes);
            EXPECT_NEAR(mean, 25.0, noise == 0.0 ? 5.0 * 5.0 / std::sqrt(cells) : 1.0);
        }
        // Relative variance beyond Poisson: none, or about noise^2 (more for the genes of the cycle, less by scaling).
        EXPECT_NEAR(excess, noise * noise, noise == 0.0 ? 0.001 : 0.05);
        EXPECT_TRUE(noise == 0.0 || excess > 0.04);
    }
}

TEST(CellSampler, DropOutTakesItsShareAndDepthIsTheMedian) {
    CellOptions options = noiseless();
    const std::vector<float> expression(100, 1.0F);
    CellSampler whole(options, 100, 2);
    options.dropout = 0.3;
    options.depth_spread = 0.5;
    CellSampler thinned(options, 100, 2);
    std::size_t before = 0, after = 0, above = 0;
    for (Index cell = 0; cell < 2000; ++cell) {
        before += draw(whole, cell, expression).genes.size();
        after += draw(thinned, cell, expression).genes.size();
        above += thinned.library_size(cell) > options.depth ? 1U : 0U;
    }
    EXPECT_EQ(before, 200000U);  // 50 transcripts of each gene: none is missed
    EXPECT_NEAR(static_cast<double>(after), 140000.0, 1100.0);
    EXPECT_NEAR(static_cast<double>(above), 1000.0, 120.0);
    EXPECT_NEAR(thinned.nonzero_share(expression), 0.7, 1e-6);
}

TEST(CellSampler, BatchesDifferByTheirFactors) {
    CellOptions options = noiseless();
    options.batches = 2;
    options.batch_noise = 0.5;
    options.depth = 20000.0;
    const std::vector<float> expression(50, 1.0F);
    CellSampler sampler(options, 50, 2);
    std::vector<std::vector<double>> sum(2, std::vector<double>(50));
    for (Index cell = 0; cell < 400; ++cell) {
        const Drawn drawn = draw(sampler, cell, expression);
        auto& mine = sum[static_cast<std::size_t>(sampler.batch(cell))];
        for (std::size_t i = 0; i < drawn.genes.size(); ++i) {
            mine[static_cast<std::size_t>(drawn.genes[i])] += static_cast<double>(drawn.counts[i]);
        }
    }
    double mean = 0, squares = 0;
    for (std::size_t g = 0; g < 50; ++g) {
        const double ratio = std::log(sum[0][g] / sum[1][g]);
        mean += ratio / 50;
        squares += ratio * ratio / 50;
    }
    EXPECT_NEAR(std::sqrt(squares - mean * mean), 0.5 * std::sqrt(2.0), 0.25);
}

}  // namespace
}  // namespace lazynet::simulator
