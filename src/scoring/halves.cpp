#include "lazynet/scoring/halves.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "lazynet/core/random.hpp"
#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::scoring {
namespace {

/// The screen with two conditions, 2 c and 2 c + 1, for every condition c.
Screen split_screen(const Screen& screen, std::uint64_t seed) {
    const std::vector<std::int8_t> halves = halves_of_cells(screen, seed);
    Screen split = screen;
    split.conditions.resize(2 * screen.conditions.size());
    for (std::size_t cell = 0; cell < halves.size(); ++cell) {
        if (halves[cell] >= 0) {
            split.cell_condition[cell] = 2 * screen.cell_condition[cell] + halves[cell];
        }
    }
    return split;
}

Matrix rows_of_half(const mpi::Communicator& world, const train::Pseudobulk& bulk, Index genes,
                    const std::vector<Index>& rows, Index half, std::vector<Index>& cells) {
    std::vector<Index> wanted;
    for (const Index row : rows) {
        wanted.push_back(2 * row + half);
        cells.push_back(bulk.cells[static_cast<std::size_t>(wanted.back())]);
    }
    Matrix means = fetch_rows(world, bulk.mean, genes, wanted);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i] == 0) {
            means.row(static_cast<Index>(i)).setConstant(std::numeric_limits<float>::quiet_NaN());
        }
    }
    return means;
}

}  // namespace

std::vector<std::int8_t> halves_of_cells(const Screen& screen, std::uint64_t seed) {
    const Random random(seed, "halves");
    std::vector<std::tuple<std::int32_t, std::uint64_t, std::size_t>> order;
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        if (screen.cell_condition[cell] >= 0) {
            order.emplace_back(screen.cell_condition[cell], random.bits(cell), cell);
        }
    }
    std::ranges::sort(order);
    std::vector<std::int8_t> halves(screen.cell_condition.size(), -1);
    for (auto first = order.begin(); first != order.end();) {
        const auto last = std::find_if(first, order.end(),
                                       [&](const auto& entry) { return std::get<0>(entry) != std::get<0>(*first); });
        const auto middle = first + (last - first) / 2;
        for (; first != last; ++first) {
            halves[std::get<2>(*first)] = first < middle ? 0 : 1;
        }
    }
    return halves;
}

Halves half_means(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                  Normalization normalization, const std::vector<Index>& rows, std::uint64_t seed, Log& log) {
    if (screen.rows_are_conditions) {
        return {};
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    const train::Pseudobulk bulk = train::pseudobulk(world, reader, split_screen(screen, seed), normalization, log);
    Halves halves;
    halves.first = rows_of_half(world, bulk, genes, rows, 0, halves.first_cells);
    halves.second = rows_of_half(world, bulk, genes, rows, 1, halves.second_cells);
    return halves;
}

}  // namespace lazynet::scoring
