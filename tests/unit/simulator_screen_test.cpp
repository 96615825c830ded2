#include "lazynet/data/simulator/screen.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "lazynet/core/error.hpp"

namespace lazynet::simulator {
namespace {

ScreenOptions small() {
    ScreenOptions options;
    options.cells = 600;
    options.genes = 120;
    options.modules = 3;
    options.perturbations.singles = 12;
    options.seed = 4;
    return options;
}

std::vector<float> truth_of(const SyntheticScreen& screen, Index condition) {
    std::vector<float> truth(static_cast<std::size_t>(screen.options().genes));
    screen.truth(condition, truth);
    return truth;
}

TEST(Apportion, AddsUpInProportionAndLeavesNobodyOut) {
    EXPECT_EQ(apportion(std::vector<double>{1, 1, 2}, 8, 0), (std::vector<Index>{2, 2, 4}));
    EXPECT_EQ(apportion(std::vector<double>{1, 1, 1}, 8, 0), (std::vector<Index>{3, 3, 2}));
    EXPECT_EQ(apportion(std::vector<double>{1e-9, 1}, 10, 1), (std::vector<Index>{1, 9}));
}

TEST(Perturbations, AreDistinctAndMostOfThemRegulate) {
    const Network network = make_network({2000, 0.1, 30}, 1);
    const std::vector<double> expression(2000, 1.0);
    const auto plan = plan_perturbations(network, expression, {100, 200, 50, 20, 40}, 3);
    ASSERT_EQ(plan.size(), 410U);
    std::set<std::vector<std::int32_t>> distinct;
    std::set<std::int32_t> singles, seen;
    int regulating = 0;
    for (std::size_t i = 0; i < plan.size(); ++i) {
        const auto& genes = plan[i].genes;
        distinct.insert(genes);
        EXPECT_EQ(genes.size(), i < 100 ? 1U : i < 300 ? 2U : i < 350 ? 3U : i < 370 ? 1U : 2U);
        EXPECT_EQ(plan[i].held_out, i >= 350);
        EXPECT_EQ(std::set<std::int32_t>(genes.begin(), genes.end()).size(), genes.size());
        if (i < 100) {
            singles.insert(genes[0]);
        }
        for (const std::int32_t gene : genes) {
            EXPECT_EQ(singles.contains(gene), i < 350 || i >= 370);
        }
        if (genes.size() == 1) {
            regulating += network.role[static_cast<std::size_t>(genes[0])] >= 0 ? 1 : 0;
        }
    }
    EXPECT_EQ(distinct.size(), plan.size());
    EXPECT_EQ(regulating, 108);
}

TEST(Perturbations, GuidesDoWhatTheirModalitySays) {
    double mean = 0, lowest = 1, highest = 0;
    for (std::int32_t gene = 0; gene < 1000; ++gene) {
        EXPECT_EQ(intervention({Modality::knockout, 0.8, 5}, 1, gene).factor, 0.0);
        EXPECT_EQ(intervention({Modality::crispri, 1.0, 5}, 1, gene).factor, 0.0);
        EXPECT_GT(intervention({Modality::crispra, 0.8, 5}, 1, gene).factor, 1.0 / 1.1);
        const double left = intervention({Modality::crispri, 0.8, 5}, 1, gene).factor;
        mean += left / 1000;
        lowest = std::min(lowest, left);
        highest = std::max(highest, left);
    }
    EXPECT_NEAR(mean, 0.2, 0.03);
    EXPECT_LT(lowest, 0.1);
    EXPECT_GT(highest, 0.4);
    EXPECT_LT(highest, 1.0);
}

TEST(Prior, HasExactlyTheAskedShares) {
    const auto truth = direct_edges(make_network({400, 0.1, 5}, 1));
    std::map<std::pair<std::int32_t, std::int32_t>, int> signs;
    for (const Edge& e : truth) {
        signs[{e.regulator, e.target}] = e.sign();
    }
    const auto n = static_cast<std::int64_t>(truth.size());
    const auto prior = corrupt(truth, 400, {0.2, 0.15, 0.4}, 9);
    std::set<std::pair<std::int32_t, std::int32_t>> distinct;
    std::int64_t kept = 0;
    for (const PriorEdge& e : prior) {
        EXPECT_NE(e.regulator, e.target);
        distinct.emplace(e.regulator, e.target);
        if (const auto at = signs.find({e.regulator, e.target}); at != signs.end()) {
            EXPECT_EQ(at->second, e.sign);
            ++kept;
        }
    }
    const auto share = [&](double s) { return std::llround(s * static_cast<double>(n)); };
    EXPECT_EQ(kept, n - share(0.2) - share(0.15));
    EXPECT_EQ(static_cast<std::int64_t>(prior.size()), n - share(0.15) + share(0.4));
    EXPECT_EQ(distinct.size(), prior.size());
    EXPECT_EQ(corrupt(truth, 400, {0.2, 0.15, 0.4}, 9), prior);
    EXPECT_NE(corrupt(truth, 400, {0.2, 0.15, 0.4}, 10), prior);
}

TEST(Prior, WithoutCorruptionIsTheTruth) {
    const auto truth = direct_edges(make_network({100, 0.1, 2}, 1));
    const auto prior = corrupt(truth, 100, {0, 0, 0}, 9);
    ASSERT_EQ(prior.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
        EXPECT_EQ(prior[i], (PriorEdge{truth[i].regulator, truth[i].target, truth[i].sign()}));
    }
    EXPECT_TRUE(corrupt(truth, 100, {0, 1, 0}, 9).empty());
    EXPECT_THROW(corrupt(truth, 100, {0, 0, 50}, 9), UserError);
}

TEST(SyntheticScreen, SharesItsCellsOutExactly) {
    ScreenOptions options = small();
    options.contexts = 3;
    options.control_share = 0.2;
    options.perturbations = {12, 5, 0, 4, 2};
    const SyntheticScreen screen(options);
    EXPECT_EQ(screen.conditions().size(), 3U * (1 + 12 + 5 + 4 + 2));
    std::vector<Index> counted(screen.conditions().size());
    for (const std::int32_t condition : screen.cell_condition()) {
        ++counted[static_cast<std::size_t>(condition)];
    }
    Index controls = 0;
    std::set<std::string> labels;
    for (std::size_t i = 0; i < counted.size(); ++i) {
        const SimulatedCondition& condition = screen.conditions()[i];
        EXPECT_EQ(counted[i], condition.cells);
        EXPECT_EQ(condition.cells == 0, condition.held_out);
        controls += condition.perturbation < 0 ? condition.cells : 0;
        labels.insert(screen.label(condition));
    }
    EXPECT_EQ(controls, 120);
    EXPECT_EQ(labels.size(), counted.size() / 3);
    EXPECT_EQ(screen.cell_condition().size(), 600U);
}

TEST(SyntheticScreen, TruthIsTheMeanOfManyNoiselessCells) {
    ScreenOptions options = small();
    options.cells = 12000;
    options.contexts = 2;
    options.perturbations.singles = 3;
    options.guides.modality = Modality::knockout;
    options.unmeasured_share = 0.34;
    options.sampling.cell_noise = 0.0;
    options.sampling.dispersion = 0.0;
    SyntheticScreen screen(options);
    const std::size_t genes = 120;
    std::vector<std::vector<double>> sum(screen.conditions().size(), std::vector<double>(genes));
    std::vector<double> total(screen.conditions().size());
    for (Index cell = 0; cell < options.cells; ++cell) {
        std::vector<std::int32_t> columns;
        std::vector<float> counts;
        screen.draw(cell, columns, counts);
        const auto condition = static_cast<std::size_t>(screen.cell_condition()[static_cast<std::size_t>(cell)]);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            sum[condition][static_cast<std::size_t>(columns[i])] += static_cast<double>(counts[i]);
            total[condition] += static_cast<double>(counts[i]);
        }
    }
    double moved = 0.0;
    const auto control = truth_of(screen, 0);
    for (std::size_t c = 0; c < sum.size(); ++c) {
        const auto truth = truth_of(screen, static_cast<Index>(c));
        for (std::size_t g = 0; g < genes; ++g) {
            const double expected = std::expm1(static_cast<double>(truth[g])) / 1e4;
            const double error = std::sqrt(expected / total[c]);
            EXPECT_NEAR(sum[c][g] / total[c], expected, 5.0 * error + 1e-7) << "condition " << c << ", gene " << g;
            moved = std::max(moved, std::abs(static_cast<double>(truth[g] - control[g])));
        }
    }
    EXPECT_GT(moved, 0.5);
}

TEST(SyntheticScreen, KnockedOutGenesAreSilentAndUnmeasuredOnesAbsent) {
    ScreenOptions options = small();
    options.guides.modality = Modality::knockout;
    options.perturbations = {12, 10, 0, 4, 0};
    options.unmeasured_share = 0.25;
    const SyntheticScreen screen(options);
    EXPECT_EQ(screen.network().genes(), 124);
    ASSERT_EQ(screen.measured().size(), 120U);
    const std::set<std::int32_t> measured(screen.measured().begin(), screen.measured().end());
    std::set<std::int32_t> unmeasured;
    for (std::size_t i = 0; i < screen.conditions().size(); ++i) {
        const SimulatedCondition& condition = screen.conditions()[i];
        if (condition.perturbation < 0) {
            continue;
        }
        const auto truth = truth_of(screen, static_cast<Index>(i));
        for (const std::int32_t gene : screen.perturbations()[static_cast<std::size_t>(condition.perturbation)].genes) {
            const auto at = std::lower_bound(screen.measured().begin(), screen.measured().end(), gene);
            if (measured.contains(gene)) {
                EXPECT_EQ(truth[static_cast<std::size_t>(at - screen.measured().begin())], 0.0F);
            } else {
                unmeasured.insert(gene);
            }
        }
    }
    EXPECT_EQ(unmeasured.size(), 4U);
}

TEST(SyntheticScreen, CellsThatEscapeLookLikeControls) {
    ScreenOptions options = small();
    options.guides.modality = Modality::knockout;
    options.perturbations.singles = 1;
    options.sampling.depth = 20000;
    const auto silent_share = [&](double escape) {
        options.sampling.escape_share = escape;
        SyntheticScreen screen(options);
        const std::int32_t gene = screen.perturbations()[0].genes[0];
        int silent = 0, cells = 0;
        for (Index cell = 0; cell < options.cells; ++cell) {
            std::vector<std::int32_t> columns;
            std::vector<float> counts;
            if (screen.cell_condition()[static_cast<std::size_t>(cell)] == 1) {
                screen.draw(cell, columns, counts);
                ++cells;
                silent += std::find(columns.begin(), columns.end(), gene) == columns.end() ? 1 : 0;
            }
        }
        return static_cast<double>(silent) / cells;
    };
    EXPECT_EQ(silent_share(0.0), 1.0);
    const double half = silent_share(0.5);
    EXPECT_LT(half, 0.9);
    EXPECT_GT(half, 0.4);
}

TEST(SyntheticScreen, ContextsDifferInTheirControls) {
    ScreenOptions options = small();
    options.contexts = 2;
    const SyntheticScreen screen(options);
    const auto a = truth_of(screen, 0), b = truth_of(screen, 13);
    ASSERT_EQ(screen.conditions()[13].perturbation, -1);
    double largest = 0;
    for (std::size_t g = 0; g < a.size(); ++g) {
        largest = std::max(largest, static_cast<double>(std::abs(a[g] - b[g])));
    }
    EXPECT_GT(largest, 0.5);
}

TEST(SyntheticScreen, RefusesWhatCannotBe) {
    const auto refuses = [](auto&& change) {
        ScreenOptions options = small();
        change(options);
        EXPECT_THROW(SyntheticScreen{options}, UserError);
    };
    refuses([](ScreenOptions& o) { o.cells = 12; });
    refuses([](ScreenOptions& o) { o.genes = 5; });
    refuses([](ScreenOptions& o) { o.tf_share = 1.5; });
    refuses([](ScreenOptions& o) { o.sampling.depth = std::nan(""); });
    refuses([](ScreenOptions& o) { o.control_share = 1.0; });
    refuses([](ScreenOptions& o) { o.perturbations.singles = 119; });
    refuses([](ScreenOptions& o) { o.perturbations.doubles = 66; });
    refuses([](ScreenOptions& o) { o.prior = {0.7, 0.4, 0.0}; });
    refuses([](ScreenOptions& o) { o.modules = 0, o.tf_share = 0.0; });
}

}  // namespace
}  // namespace lazynet::simulator
