#include "lazynet/train/pairs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace lazynet::train {
namespace {

/// Six genes g0 ... g5 and two unmeasured ones, two contexts, singles in both, one double in the second.
Screen small_screen() {
    Screen screen;
    screen.genes = {"g0", "g1", "g2", "g3", "g4", "g5"};
    screen.unmeasured = {"u6", "u7"};
    screen.contexts = {"a", "b"};
    screen.conditions = {{"control", 0, {}, 50}, {"control", 1, {}, 40}};
    for (const Index target : {1, 3, 4, 6, 7}) {
        for (Index context = 0; context < 2; ++context) {
            screen.conditions.push_back({screen.regulator(target), context, {target}, 10 * (target + 1)});
        }
    }
    screen.conditions.push_back({"g3+u6", 1, {3, 6}, 10});
    return screen;
}

double shrunk(double change, double variance, const Shifts& shifts) {
    const double between = shifts.spread * shifts.spread;
    return (between * change + variance * shifts.mean) / (between + variance);
}

TEST(Shifts, FallBackToAThirdOfExpressionOrToWhatTheUserSays) {
    const Shifts none = estimate_shifts({}, 3, 0.0);
    EXPECT_EQ(none.measured, 0);
    EXPECT_EQ(none.of, std::vector<double>(3, -1.0));
    EXPECT_EQ(estimate_shifts({}, 2, -2.5).of, std::vector<double>(2, -2.5));
}

TEST(Shifts, TakePreciseChangesAsTheyAreAndTheirMeanForTheRest) {
    const std::vector<OnTarget> observed = {{2, 0, -1.0, 1e-9}, {3, 2, -2.0, 1e-9}, {4, 3, -3.0, 1e-9}};
    const Shifts shifts = estimate_shifts(observed, 5, 0.0);
    EXPECT_NEAR(shifts.mean, -2.0, 1e-6);
    EXPECT_NEAR(shifts.spread, 1.0, 1e-6);
    EXPECT_NEAR(shifts.of[0], -1.0, 1e-6);
    EXPECT_NEAR(shifts.of[2], -2.0, 1e-6);
    EXPECT_NEAR(shifts.of[3], -3.0, 1e-6);
    EXPECT_EQ(shifts.of[1], shifts.mean);
}

TEST(Shifts, ShrinkNoisyChangesTowardsTheMean) {
    const std::vector<OnTarget> observed = {
        {2, 0, -1.0, 0.01}, {3, 1, -3.0, 0.01}, {4, 2, -3.0, 4.0}, {5, 3, -1.5, 0.02}};
    const Shifts shifts = estimate_shifts(observed, 4, 0.0);
    for (const OnTarget& o : observed) {
        EXPECT_NEAR(shifts.of[static_cast<std::size_t>(o.regulator)], shrunk(o.change, o.variance, shifts), 1e-9);
    }
    EXPECT_LT(std::abs(shifts.of[2] - shifts.mean), 0.3 * std::abs(-3.0 - shifts.mean));
    EXPECT_GT(std::abs(shifts.of[1] - shifts.mean), 0.9 * std::abs(-3.0 - shifts.mean));
}

TEST(Shifts, PoolTheConditionsOfARegulatorByTheirPrecision) {
    const std::vector<OnTarget> twice = {{2, 0, -1.0, 0.1}, {3, 0, -2.0, 0.3}, {4, 1, -3.0, 0.1}};
    const std::vector<OnTarget> once = {{2, 0, -1.25, 0.075}, {4, 1, -3.0, 0.1}};
    const Shifts a = estimate_shifts(twice, 2, 0.0);
    const Shifts b = estimate_shifts(once, 2, 0.0);
    EXPECT_EQ(a.measured, 2);
    EXPECT_NEAR(a.mean, b.mean, 1e-12);
    EXPECT_NEAR(a.of[0], b.of[0], 1e-12);
}

TEST(Shifts, KeepTheDirectionAndAQuarterOfTheMean) {
    // A knock-out that raises its own transcript, and one that does not move it.
    const std::vector<OnTarget> down = {
        {2, 0, -2.0, 1e-4}, {3, 1, -2.2, 1e-4}, {4, 2, 1.0, 1e-4}, {5, 3, -0.001, 1e-4}};
    const Shifts lowered = estimate_shifts(down, 4, 0.0);
    ASSERT_LT(lowered.mean, 0.0);
    EXPECT_NEAR(lowered.of[2], 0.25 * lowered.mean, 1e-12);
    EXPECT_NEAR(lowered.of[3], 0.25 * lowered.mean, 1e-12);
    const std::vector<OnTarget> up = {{2, 0, 2.0, 1e-4}, {3, 1, 2.2, 1e-4}, {4, 2, -1.0, 1e-4}};
    const Shifts raised = estimate_shifts(up, 3, 0.0);
    ASSERT_GT(raised.mean, 0.0);
    EXPECT_NEAR(raised.of[2], 0.25 * raised.mean, 1e-12);
}

TEST(Pairs, HoldOnePairPerConditionWithItsTargetsAsInputs) {
    const Screen screen = small_screen();
    const Shifts shifts = estimate_shifts({{2, 1, -2.0, 1e-9}, {4, 3, 0.5, 1e-9}}, 8, 0.0);
    const Pairs pairs = make_pairs(screen, shifts, {}, false);
    EXPECT_EQ(pairs.inputs, (std::vector<Index>{1, 3, 4, 6, 7}));
    EXPECT_EQ(pairs.regulators, pairs.inputs);
    ASSERT_EQ(pairs.size(), 11);
    for (Index p = 0; p < pairs.size(); ++p) {
        const auto at = static_cast<std::size_t>(p);
        const Condition& condition = screen.conditions[static_cast<std::size_t>(pairs.conditions[at])];
        EXPECT_FALSE(condition.is_control());
        std::vector<Index> targets;
        for (auto k = static_cast<std::size_t>(pairs.offsets[at]); k < static_cast<std::size_t>(pairs.offsets[at + 1]);
             ++k) {
            const auto input = static_cast<std::size_t>(pairs.columns[k]);
            targets.push_back(pairs.inputs[input]);
            // Input times scale is the shift.
            EXPECT_NEAR(static_cast<double>(pairs.values[k] * pairs.scale[input]),
                        shifts.of[static_cast<std::size_t>(targets.back())], 1e-6);
            EXPECT_EQ(std::abs(pairs.values[k]), 1.0f);
        }
        EXPECT_EQ(targets, condition.targets);
    }
}

TEST(Pairs, WithTheStatePerturbationsAreInputsOfTheirOwn) {
    const Screen screen = small_screen();
    const Pairs pairs = make_pairs(screen, estimate_shifts({}, 8, 0.0), {}, true);
    EXPECT_EQ(pairs.state_inputs, 6);
    EXPECT_EQ(pairs.inputs, (std::vector<Index>{0, 1, 2, 3, 4, 5, 1, 3, 4, 6, 7}));
    EXPECT_EQ(pairs.regulators, (std::vector<Index>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(pairs.consensus_inputs, (std::vector<Index>{0, 6, 2, 7, 8, 5, 9, 10}));
    EXPECT_TRUE(std::all_of(pairs.columns.begin(), pairs.columns.end(), [](auto j) { return j >= 6; }));
}

TEST(Pairs, FoldsHoldOutWholePerturbationsAndAreEven) {
    const Screen screen = small_screen();
    TrainConfig config;
    const Pairs pairs = make_pairs(screen, estimate_shifts({}, 8, 0.0), config, false);
    EXPECT_EQ(pairs.folds, 5);
    std::map<std::string, std::set<int>> folds;
    std::map<int, std::set<std::string>> labels;
    for (std::size_t p = 0; p < pairs.conditions.size(); ++p) {
        const std::string& label = screen.conditions[static_cast<std::size_t>(pairs.conditions[p])].perturbation;
        folds[label].insert(pairs.fold[p]);
        labels[pairs.fold[p]].insert(label);
    }
    for (const auto& [label, of] : folds) {
        EXPECT_EQ(of.size(), 1u) << label;
    }
    ASSERT_EQ(labels.size(), 5u);  // six perturbations in five folds
    for (const auto& [fold, in] : labels) {
        EXPECT_TRUE(in.size() == 1 || in.size() == 2) << fold;
    }
    for (Index p = 0; p < pairs.size(); ++p) {  // five replicas hold every pair out exactly once
        int times = 0;
        for (Index replica = 0; replica < 5; ++replica) {
            times += pairs.held_out(p, replica) ? 1 : 0;
            EXPECT_EQ(pairs.held_out(p, replica), pairs.held_out(p, replica + 5));
        }
        EXPECT_EQ(times, 1);
    }
    config.seed = 1;
    EXPECT_NE(make_pairs(screen, estimate_shifts({}, 8, 0.0), config, false).fold, pairs.fold);
}

TEST(Pairs, HoldNothingOutWithoutAShareOrWithFewPerturbations) {
    Screen screen = small_screen();
    TrainConfig config;
    config.validation_share = 0.0;
    EXPECT_FALSE(make_pairs(screen, estimate_shifts({}, 8, 0.0), config, false).held_out(0, 0));
    screen.conditions.resize(8);  // three perturbations
    const Pairs few = make_pairs(screen, estimate_shifts({}, 8, 0.0), {}, false);
    EXPECT_EQ(few.folds, 0);
    EXPECT_FALSE(few.held_out(0, 0));
}

TEST(PairWeights, HaveMeanOneAndFollowCellsOrPrecision) {
    const Screen screen = small_screen();
    const Pairs pairs = make_pairs(screen, estimate_shifts({}, 8, 0.0), {}, false);
    const auto n = static_cast<std::size_t>(pairs.size());
    const std::vector<double> effect(n, 0.5);
    std::vector<double> noise(n);
    std::iota(noise.begin(), noise.end(), 1.0);
    for (double& v : noise) {
        v *= 0.05;
    }
    for (const PairWeights kind : {PairWeights::equal, PairWeights::cells, PairWeights::noise}) {
        const auto weights = pair_weights(screen, pairs, kind, effect, noise);
        EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), static_cast<double>(n), 1e-9);
    }
    const auto equal = pair_weights(screen, pairs, PairWeights::equal, effect, noise);
    EXPECT_EQ(*std::min_element(equal.begin(), equal.end()), *std::max_element(equal.begin(), equal.end()));
    const auto cells = pair_weights(screen, pairs, PairWeights::cells, effect, noise);
    EXPECT_NEAR(cells[8] / cells[0], 80.0 / 20.0, 1e-9);
    // 1 / (signal + noise), signal = mean effect - mean noise = 0.5 - 0.3
    const auto precise = pair_weights(screen, pairs, PairWeights::noise, effect, noise);
    EXPECT_NEAR(precise[0] / precise[10], (0.2 + 0.55) / (0.2 + 0.05), 1e-9);
}

}  // namespace
}  // namespace lazynet::train
