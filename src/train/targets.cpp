#include "lazynet/train/targets.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "lazynet/train/columns.hpp"

namespace lazynet::train {
namespace {

/// Fixed-point scale of sums over genes: 18,000 squared changes of log expression, up to 20, stay below 2^63; plain
/// values are larger.
double fixed_scale(const Screen& screen) {
    return screen.nonnegative ? 0x1.0p36 : 0x1.0p31;
}

double standard_error(float variance, Index cells) {
    return std::sqrt(static_cast<double>(variance) / static_cast<double>(cells));
}

std::uint64_t hash(std::uint64_t seed, std::string_view text) {
    for (const char c : text) {  // FNV-1a
        seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    }
    return seed;
}

/// Outputs of `genes` that the pair itself perturbs.
void append_own(const Condition& condition, Range genes, BlockTargets& block) {
    for (const Index j : condition.targets) {
        if (genes.contains(j)) {
            block.own_output.push_back(static_cast<std::int32_t>(j - genes.begin));
        }
    }
    block.own.push_back(static_cast<std::int64_t>(block.own_output.size()));
}

}  // namespace

PairStatistics pair_statistics(const mpi::Communicator& world, const Screen& screen, const Pairs& pairs,
                               const Pseudobulk& table) {
    const std::size_t n = pairs.conditions.size();
    const double fixed = fixed_scale(screen);
    std::vector<std::int64_t> sums(2 * n, 0);
    for (std::size_t p = 0; p < n; ++p) {
        const Index c = pairs.conditions[p];
        const Condition& condition = screen.conditions[static_cast<std::size_t>(c)];
        for (Index i = 0; i < table.genes.size(); ++i) {
            const double change =
                static_cast<double>(table.mean(c, i)) - static_cast<double>(table.mean(condition.context, i));
            const double noise = standard_error(table.variance(c, i), condition.cells);
            sums[p] += std::llround(change * change * fixed);
            sums[n + p] += std::llround(noise * noise * fixed);
        }
    }
    world.sum_in_place(sums);
    const double scale = 1.0 / (fixed * static_cast<double>(screen.genes.size()));
    PairStatistics statistics;
    for (std::size_t p = 0; p < n; ++p) {
        statistics.effect.push_back(scale * static_cast<double>(sums[p]));
        statistics.noise.push_back(scale * static_cast<double>(sums[n + p]));
    }
    return statistics;
}

BlockTargets fetch_targets(const mpi::Communicator& world, const Screen& screen, const Pairs& pairs,
                           const Pseudobulk& table, Range genes, const std::vector<double>& weights) {
    std::vector<Index> wanted(static_cast<std::size_t>(genes.size()));
    std::iota(wanted.begin(), wanted.end(), genes.begin);
    const auto total = static_cast<Index>(screen.genes.size());
    BlockTargets block;
    block.genes = genes;
    block.weights = weights;
    block.own.push_back(0);
    block.change.resize(pairs.size(), genes.size());
    block.noise.resize(pairs.size(), genes.size());
    {
        const Matrix mean = fetch_columns(world, table.mean, total, wanted);
        for (Index p = 0; p < pairs.size(); ++p) {
            const Index c = pairs.conditions[static_cast<std::size_t>(p)];
            const Condition& condition = screen.conditions[static_cast<std::size_t>(c)];
            block.change.row(p) = mean.row(c) - mean.row(condition.context);
            append_own(condition, genes, block);
        }
    }
    const Matrix variance = fetch_columns(world, table.variance, total, wanted);
    for (Index p = 0; p < pairs.size(); ++p) {
        const Index c = pairs.conditions[static_cast<std::size_t>(p)];
        const auto cells = static_cast<float>(screen.conditions[static_cast<std::size_t>(c)].cells);
        block.noise.row(p) = (variance.row(c) / cells).cwiseSqrt();
    }
    return block;
}

BlockTargets part_of_targets(const BlockTargets& all, Range genes) {
    BlockTargets part;
    part.genes = genes;
    part.weights = all.weights;
    part.context = all.context;
    part.change = all.change.middleCols(genes.begin - all.genes.begin, genes.size());
    part.noise = all.noise.middleCols(genes.begin - all.genes.begin, genes.size());
    part.own.push_back(0);
    for (std::size_t p = 0; p + 1 < all.own.size(); ++p) {
        for (auto k = static_cast<std::size_t>(all.own[p]); k < static_cast<std::size_t>(all.own[p + 1]); ++k) {
            const Index gene = all.own_output[k] + all.genes.begin;
            if (genes.contains(gene)) {
                part.own_output.push_back(static_cast<std::int32_t>(gene - genes.begin));
            }
        }
        part.own.push_back(static_cast<std::int64_t>(part.own_output.size()));
    }
    return part;
}

std::string fingerprint(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table) {
    std::uint64_t sum = 0;  // wraps around; addition of integers has no order
    for (Index c = 0; c < table.mean.rows(); ++c) {
        for (Index i = 0; i < table.genes.size(); ++i) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, &table.mean(c, i), sizeof bits);
            std::uint64_t h = (static_cast<std::uint64_t>(c) << 32) ^ static_cast<std::uint64_t>(table.genes.begin + i);
            h = (h * 0x9E3779B97F4A7C15ULL) ^ bits;
            h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ULL;
            sum += h ^ (h >> 32);
        }
    }
    std::vector<std::int64_t> total{static_cast<std::int64_t>(sum & 0xFFFFFFFF), static_cast<std::int64_t>(sum >> 32)};
    world.sum_in_place(total);
    std::uint64_t h =
        0xCBF29CE484222325ULL + static_cast<std::uint64_t>(total[0]) + (static_cast<std::uint64_t>(total[1]) << 32);
    for (const std::string& gene : screen.genes) {
        h = hash(h, gene);
    }
    for (const Condition& c : screen.conditions) {
        h = hash(
            h, fmt::format("{}|{}|{}", c.perturbation, screen.contexts[static_cast<std::size_t>(c.context)], c.cells));
    }
    return fmt::format("{:016x}", h);
}

}  // namespace lazynet::train
