// How fast groups are tested against the controls, gene by gene, on one core: made-up sparse log expression, 2,000
// groups of 100 cells, 4,000 controls, 8,000 genes of all densities. Usage: rank_sum_bench [SAMPLE [GENES]]; SAMPLE:
// writes some genes and groups there with the p-values found, for bench/rank_sum_vs_scipy.py.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/eval/gene_tests.hpp"
#include "lazynet/kernels/log1p.hpp"

namespace {

using namespace lazynet;

constexpr Index kGroups = 2000;
constexpr Index kCells = 100;
constexpr Index kControls = 4000;
constexpr Index kSampleGenes = 200;
constexpr Index kSampleGroups = 20;

/// Condition 0 is the control.
struct Gene {
    std::vector<std::int32_t> conditions;
    std::vector<float> values;
};

Gene make_gene(Index gene) {
    const Random random(1, "rank_sum_bench", {gene});
    const Random depth(1, "rank_sum_bench depth");
    const double u = random.uniform(0);
    const double density = 0.01 + 0.9 * u * u;
    Gene made;
    for (Index cell = 0; cell < kControls + kGroups * kCells; ++cell) {
        const auto counter = static_cast<std::uint64_t>(2 * cell + 1);
        if (random.uniform(counter) < density) {
            const double count = std::floor(1 - std::log(1 - random.uniform(counter + 1)) * 3 * density);
            const double total = 3000 + 20000 * depth.uniform(static_cast<std::uint64_t>(cell));
            made.conditions.push_back(cell < kControls ? 0
                                                       : static_cast<std::int32_t>(1 + (cell - kControls) / kCells));
            made.values.push_back(static_cast<float>(count * 1e4 / total));
        }
    }
    log1p_in_place(made.values);
    return made;
}

/// Mann-Whitney alone: sorting, and ranking against the sorted controls. @returns p of the first groups
std::vector<double> rank_tests(Gene& gene) {
    RankSumReference reference;
    std::vector<double> p;
    double sum = 0;
    std::size_t at = 0;
    for (Index c = 0; c <= kGroups; ++c) {
        const std::size_t first = at;
        while (at < gene.conditions.size() && gene.conditions[at] == c) {
            ++at;
        }
        const std::span<float> values = std::span(gene.values).subspan(first, at - first);
        std::ranges::sort(values);
        if (c == 0) {
            reference.assign(values, kControls);
        } else {
            const double found = reference.test(values, kCells).p;
            sum += found;
            if (c <= kSampleGroups) {
                p.push_back(found);
            }
        }
    }
    if (!(sum > 0)) {
        std::abort();  // used, so that it is not left out
    }
    return p;
}

/// Dense cells of the controls and the first groups, then the p of the groups.
void write_sample(std::ofstream& out, const Gene& gene, const std::vector<double>& p, Index number) {
    std::vector<float> dense(static_cast<std::size_t>(kControls + kSampleGroups * kCells), 0.0F);
    const Gene unsorted = make_gene(number);
    std::vector<std::size_t> next(static_cast<std::size_t>(kSampleGroups) + 1);
    for (std::size_t i = 0; i < gene.values.size() && gene.conditions[i] <= kSampleGroups; ++i) {
        const auto c = static_cast<std::size_t>(unsorted.conditions[i]);
        const std::size_t start = c == 0 ? 0 : static_cast<std::size_t>(kControls) + (c - 1) * kCells;
        dense[start + next[c]++] = unsorted.values[i];
    }
    out.write(reinterpret_cast<const char*>(dense.data()), static_cast<std::streamsize>(dense.size() * sizeof(float)));
    out.write(reinterpret_cast<const char*>(p.data()), static_cast<std::streamsize>(p.size() * sizeof(double)));
}

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    const Index genes = argc > 2 ? std::atol(argv[2]) : 8000;
    std::ofstream out;
    if (argc > 1) {
        out.open(argv[1], std::ios::binary);
    }
    double seconds = 0;
    double entries = 0;
    for (Index g = 0; g < genes; ++g) {
        Gene gene = make_gene(g);
        entries += static_cast<double>(gene.values.size());
        const auto start = Clock::now();
        const auto p = rank_tests(gene);
        seconds += since(start);
        if (out.is_open() && g < kSampleGenes) {
            write_sample(out, gene, p, g);
        }
    }
    const auto tests = static_cast<double>(genes * kGroups);
    fmt::print(
        "mann_whitney genes={} groups={} cells={} controls={} density={:.2f} seconds={:.2f} us_per_test={:.3f}\n",
        genes, kGroups, kCells, kControls, entries / static_cast<double>(genes * (kControls + kGroups * kCells)),
        seconds, 1e6 * seconds / tests);

    Screen screen;
    screen.contexts = {"all"};
    screen.conditions.resize(static_cast<std::size_t>(kGroups) + 1);
    std::vector<Index> cells(screen.conditions.size(), kCells);
    cells[0] = kControls;
    for (std::size_t c = 1; c < screen.conditions.size(); ++c) {
        screen.conditions[c].targets = {0};
    }
    eval::GeneTests all(screen, cells, std::vector<bool>(cells.size(), true));
    const Index part = std::max(genes / 20, Index{1});
    seconds = 0;
    for (Index g = 0; g < part; ++g) {
        Gene gene = make_gene(g);
        const auto start = Clock::now();
        (void)all.test(gene.conditions, gene.values);
        seconds += since(start);
    }
    fmt::print("all_tests genes={} us_per_test={:.3f}\n", part, 1e6 * seconds / static_cast<double>(part * kGroups));
    return 0;
}
