#include "judged_truth.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "lazynet/scoring/cell_spreads.hpp"
#include "lazynet/scoring/differential.hpp"
#include "lazynet/scoring/halves.hpp"

namespace lazynet::scoring {
namespace {

using eval::DifferentialTable;

/// The same conditions in a part of the screen, which lists fewer of them.
std::vector<Index> places_in(const Screen& part, const Screen& screen, const std::vector<Index>& conditions) {
    std::map<std::pair<std::string, std::string>, Index> known;
    for (std::size_t k = 0; k < part.conditions.size(); ++k) {
        const Condition& c = part.conditions[k];
        known[{c.perturbation, part.contexts[static_cast<std::size_t>(c.context)]}] = static_cast<Index>(k);
    }
    std::vector<Index> places;
    for (const Index k : conditions) {
        const Condition& c = screen.conditions[static_cast<std::size_t>(k)];
        places.push_back(known.at({c.perturbation, screen.contexts[static_cast<std::size_t>(c.context)]}));
    }
    return places;
}

/// The 20 genes of largest |t| as numbers of the truth's screen; ties in order.
std::vector<std::int32_t> top_genes(const DifferentialTable& table, Index row, const std::vector<Index>& numbers) {
    constexpr Index kTop = 20;
    const auto size = [&](Index gene) {
        const float t = table.score(row, gene);
        return std::isfinite(t) ? std::abs(t) : 0.0F;
    };
    std::vector<Index> genes(numbers.size());
    std::iota(genes.begin(), genes.end(), Index{0});
    const auto end = genes.begin() + std::min(kTop, static_cast<Index>(genes.size()));
    std::partial_sort(genes.begin(), end, genes.end(),
                      [&](Index a, Index b) { return size(a) != size(b) ? size(a) > size(b) : a < b; });
    std::vector<std::int32_t> top;
    std::transform(genes.begin(), end, std::back_inserter(top),
                   [&](Index gene) { return static_cast<std::int32_t>(numbers[static_cast<std::size_t>(gene)]); });
    return top;
}

/// Collective.
std::vector<std::vector<eval::GeneSpread>> spreads_of(const mpi::Communicator& world, io::ScreenFile& file,
                                                      const Matching& matching, const JudgedRows& rows,
                                                      const JudgedTruth& truth, Log& log) {
    std::vector<std::vector<std::int32_t>> wanted(rows.distinct.size());
    for (std::size_t row = 0; row < rows.place.size(); ++row) {
        wanted[static_cast<std::size_t>(rows.place[row])] =
            top_genes(truth.differential, static_cast<Index>(row), matching.truth_genes);
    }
    auto found = cell_spreads(world, *file.reader, truth.part, file.normalization, truth.distinct, wanted, log);
    std::vector<std::int32_t> judged(file.screen.genes.size(), -1);
    for (std::size_t i = 0; i < matching.truth_genes.size(); ++i) {
        judged[static_cast<std::size_t>(matching.truth_genes[i])] = static_cast<std::int32_t>(i);
    }
    for (auto& of_row : found) {
        for (eval::GeneSpread& spread : of_row) {
            spread.gene = judged[static_cast<std::size_t>(spread.gene)];
        }
    }
    std::vector<std::vector<eval::GeneSpread>> spreads;
    for (const Index place : rows.place) {
        spreads.push_back(found[static_cast<std::size_t>(place)]);
    }
    return spreads;
}

}  // namespace

JudgedTruth read_truth(const mpi::Communicator& world, io::ScreenFile& file, const Matching& matching,
                       const GeneChunks& genes, const JudgedRows& rows, const std::optional<Split>& split,
                       bool differential, Log& log) {
    const bool by_cells = split && split->kind == "cells";
    const auto means = [&](const Screen& part) {
        return means_of(world, *file.reader, part, file.screen, file.normalization, genes, matching.truth_genes, log);
    };
    JudgedTruth truth;
    truth.part = file.screen;
    if (by_cells) {
        world.together([&] { keep_test_part(*split, split->folds.front(), truth.part); });
    }
    truth.distinct = by_cells ? places_in(truth.part, file.screen, rows.distinct) : rows.distinct;
    const MeansTable table = means(truth.part);
    if (by_cells) {
        Screen training = file.screen;
        world.together([&] { keep_training_part(*split, split->folds.front(), training); });
        truth.learned = changes_of(means(training), file.screen, genes, matching.truth_genes);
    } else {
        truth.learned = changes_of(table, file.screen, genes, matching.truth_genes);
    }
    truth.profiles = true_profiles(world, file.screen, matching, genes, rows, table, truth.learned);
    truth.cells = table.cells;
    truth.is_tested = differential && !file.screen.rows_are_conditions;
    if (truth.is_tested) {
        truth.differential =
            picked(differential_expression(world, *file.reader, truth.part, file.normalization, truth.distinct, log),
                   rows.place, matching.truth_genes);
        truth.spreads = spreads_of(world, file, matching, rows, truth, log);
    }
    return truth;
}

Duplicates duplicates(const mpi::Communicator& world, io::ScreenFile& file, const Matching& matching,
                      const JudgedRows& rows, const JudgedTruth& truth, std::uint64_t seed, Log& log) {
    const Halves halves = half_means(world, *file.reader, truth.part, file.normalization, truth.distinct, seed, log);
    Duplicates result{{"ceiling", halves.first(rows.place, matching.truth_genes), truth.profiles.control, {}},
                      truth.profiles};
    result.second.truth = halves.second(rows.place, matching.truth_genes);
    for (Index row = 0; row < result.second.error.rows(); ++row) {  // of fewer cells
        const auto k = static_cast<std::size_t>(row);
        const auto half = static_cast<double>(halves.second_cells[static_cast<std::size_t>(rows.place[k])]);
        result.second.error.row(row) *=
            static_cast<float>(std::sqrt(static_cast<double>(truth.profiles.cells[k]) / half));
    }
    return result;
}

DifferentialTable picked(const DifferentialTable& table, const std::vector<Index>& rows,
                         const std::vector<Index>& columns) {
    DifferentialTable result;
    for (const auto field : {&DifferentialTable::log_fold, &DifferentialTable::rank_p, &DifferentialTable::rank_q,
                             &DifferentialTable::score, &DifferentialTable::score_q, &DifferentialTable::score_rest,
                             &DifferentialTable::score_rest_q}) {
        result.*field = (table.*field)(rows, columns);
    }
    return result;
}

}  // namespace lazynet::scoring
