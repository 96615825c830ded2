// Distances of all pairs of 256 predictions and 256 truths over 8,000 genes: the tile that pairwise measures work on.
// Yardsticks of the same run: one plain float32 product (what row_products adds its float64 sums to), plain loops for
// absolute distances, and a sort for ranks.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/distances.hpp"
#include "lazynet/kernels/ranks.hpp"

namespace {

using namespace lazynet;

constexpr Index kRows = 256;
constexpr Index kGenes = 8000;

Matrix normal_rows(std::int64_t which) {
    const Random random(1, "rows", {which});
    Matrix m(kRows, kGenes);
    for (Index k = 0; k < m.size(); ++k) {
        m.data()[k] = static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    return m;
}

const Matrix& predictions() {
    static const Matrix m = normal_rows(0);
    return m;
}
const Matrix& truths() {
    static const Matrix m = normal_rows(1);
    return m;
}

void count_pairs(benchmark::State& state) {
    state.counters["gene_pairs"] =
        benchmark::Counter(static_cast<double>(kRows * kRows * kGenes), benchmark::Counter::kIsIterationInvariantRate);
}

void plain_product(benchmark::State& state) {
    Matrix out;
    for (auto _ : state) {
        out.noalias() = predictions() * truths().transpose();
        benchmark::DoNotOptimize(out.data());
    }
    count_pairs(state);
}
BENCHMARK(plain_product);

void bounded_products(benchmark::State& state) {
    MatrixD out;
    for (auto _ : state) {
        row_products(cview(predictions()), cview(truths()), out);
        benchmark::DoNotOptimize(out.data());
    }
    count_pairs(state);
}
BENCHMARK(bounded_products);

void naive_absolute(benchmark::State& state) {
    MatrixD out(kRows, kRows);
    for (auto _ : state) {
        for (Index i = 0; i < kRows; ++i) {
            for (Index j = 0; j < kRows; ++j) {
                out(i, j) = static_cast<double>((predictions().row(i) - truths().row(j)).lpNorm<1>());
            }
        }
        benchmark::DoNotOptimize(out.data());
    }
    count_pairs(state);
}
BENCHMARK(naive_absolute);

void bounded_absolute(benchmark::State& state) {
    const VectorD sum_a = predictions().cast<double>().rowwise().sum();
    const VectorD sum_b = truths().cast<double>().rowwise().sum();
    MatrixD out;
    for (auto _ : state) {
        row_absolute_distances(cview(predictions()), sum_a, cview(truths()), sum_b, out);
        benchmark::DoNotOptimize(out.data());
    }
    count_pairs(state);
}
BENCHMARK(bounded_absolute);

void ranks_by_sort(benchmark::State& state) {
    std::vector<std::int32_t> order(kGenes);
    const float* values = predictions().data();
    for (auto _ : state) {
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return values[a] < values[b]; });
        benchmark::DoNotOptimize(order.data());
    }
}
BENCHMARK(ranks_by_sort);

void ranks_by_radix(benchmark::State& state) {
    std::vector<double> ranks(kGenes);
    Ranker rank;
    for (auto _ : state) {
        rank({predictions().data(), ranks.size()}, ranks);
        benchmark::DoNotOptimize(ranks.data());
    }
}
BENCHMARK(ranks_by_radix);

}  // namespace
