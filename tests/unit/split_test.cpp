#include "lazynet/data/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "message_of.hpp"
#include "small_screen.hpp"

namespace lazynet {
namespace {

using Names = std::set<std::string>;

Names genes_of(const std::string& label) {
    Names genes;
    for (std::size_t begin = 0; begin <= label.size();) {
        const std::size_t end = std::min(label.find('+', begin), label.size());
        genes.insert(label.substr(begin, end - begin));
        begin = end + 1;
    }
    return genes;
}

Names perturbations_of(const Screen& screen) {
    Names names;
    for (const Condition& c : screen.conditions) {
        names.insert(c.perturbation);
    }
    return names;
}

Names tested(const Fold& fold) {
    Names names;
    for (const HeldOut& c : fold.test) {
        names.insert(c.perturbation);
    }
    return names;
}

std::map<std::string, std::string> strata(const Fold& fold) {
    std::map<std::string, std::string> of;
    for (const HeldOut& c : fold.test) {
        of[c.perturbation] = c.stratum;
    }
    return of;
}

Screen training_part(const Split& split, const Fold& fold, Screen screen) {
    keep_training_part(split, fold, screen);
    return screen;
}

SplitOptions kind(const std::string& name) {
    SplitOptions options;
    options.kind = name;
    options.folds = 3;
    return options;
}

/// Equal in all that training looks at; targets by name, since the axes may differ.
void expect_same_conditions(const Screen& a, const Screen& b) {
    ASSERT_EQ(a.conditions.size(), b.conditions.size());
    for (std::size_t c = 0; c < a.conditions.size(); ++c) {
        EXPECT_EQ(a.conditions[c].perturbation, b.conditions[c].perturbation);
        EXPECT_EQ(a.conditions[c].context, b.conditions[c].context);
        EXPECT_EQ(a.conditions[c].targets, b.conditions[c].targets);
        EXPECT_EQ(a.conditions[c].cells, b.conditions[c].cells);
    }
    EXPECT_EQ(a.unmeasured, b.unmeasured);
    EXPECT_EQ(a.contexts, b.contexts);
    EXPECT_EQ(a.batches, b.batches);
}

TEST(Kfold, HoldsEverySingleOutOnceAndAllThatSharesItsGene) {
    const Screen screen = screen_of(small_runs());
    const Split split = make_split(screen, kind("kfold"));
    ASSERT_EQ(split.folds.size(), 3U);
    std::multiset<std::string> singles;
    for (const Fold& fold : split.folds) {
        Names held;
        for (const auto& [label, stratum] : strata(fold)) {
            if (genes_of(label).size() == 1) {
                EXPECT_EQ(stratum, "unseen");
                held.insert(label);
                singles.insert(label);
            }
        }
        const Screen part = training_part(split, fold, screen);
        for (const std::string& label : perturbations_of(part)) {
            for (const std::string& gene : genes_of(label)) {
                EXPECT_EQ(held.count(gene), 0U) << label << " is trained on although " << gene << " is held out";
            }
        }
        for (const std::string& gene : held) {
            EXPECT_EQ(std::count(part.unmeasured.begin(), part.unmeasured.end(), gene), 0) << "still an axis";
        }
        for (const auto& [label, stratum] : strata(fold)) {
            const Names genes = genes_of(label);
            if (genes.size() > 1) {
                const auto seen = std::count_if(genes.begin(), genes.end(),
                                                [&](const std::string& gene) { return held.count(gene) == 0; });
                EXPECT_EQ(stratum, "seen" + std::to_string(seen)) << label;
            }
        }
        EXPECT_EQ(fold.test.size(), 2 * tested(fold).size()) << "in both contexts";
        EXPECT_EQ(part.conditions.size() + fold.test.size(), screen.conditions.size());
    }
    EXPECT_EQ(singles, std::multiset<std::string>({"A", "B", "C", "X", "Y", "Z"}));
}

TEST(Kfold, CanLeaveCombinationsOutAltogether) {
    const Screen screen = screen_of(small_runs());
    SplitOptions options = kind("kfold");
    options.combinations = "exclude";
    const Split split = make_split(screen, options);
    for (const Fold& fold : split.folds) {
        EXPECT_EQ(fold.excluded.size(), 10U);
        EXPECT_EQ(fold.test.size(), 4U);
        const Screen part = training_part(split, fold, screen);
        EXPECT_EQ(part.conditions.size(), 2U + 8U);
        Screen test = screen;
        keep_test_part(split, fold, test);
        EXPECT_EQ(test.conditions.size(), 2U + 4U) << "excluded ones are not tested on";
    }
}

TEST(MakeSplit, IgnoresTheOrderOfRowsAndFollowsTheSeed) {
    auto runs = small_runs();
    for (const char* name : {"kfold", "combinations", "doubles", "contexts", "cells"}) {
        SplitOptions options = kind(name);
        const std::string hash = make_split(screen_of(runs), options).hash();
        auto reversed = runs;
        std::reverse(reversed.begin(), reversed.end());
        EXPECT_EQ(make_split(screen_of(reversed), options).hash(), hash) << name;
        options.seed = 7;
        options.seeds = {7, 8};
        EXPECT_EQ(make_split(screen_of(runs), options).hash() == hash, options.kind == "contexts") << name;
    }
}

TEST(Doubles, TrainsOnAllSinglesAndAShareOfTheRest) {
    const Screen screen = screen_of(small_runs());
    SplitOptions options = kind("doubles");
    options.doubles_share = 0.6;
    const Split split = make_split(screen, options);
    ASSERT_EQ(split.folds.size(), 5U);
    EXPECT_EQ(split.folds[2].name, "3");
    Names ever;
    for (const Fold& fold : split.folds) {
        EXPECT_EQ(tested(fold).size(), 2U) << "two of five combinations";
        ever.merge(tested(fold));
        for (const auto& [label, stratum] : strata(fold)) {
            EXPECT_EQ(stratum, "seen" + std::to_string(genes_of(label).size()));
        }
    }
    EXPECT_GT(ever.size(), 2U) << "seeds differ";
}

TEST(Combinations, HoldsOutGenesAndCombinations) {
    std::vector<CellRun> runs{{"ctrl", "all", "1"}};
    for (int i = 0; i < 20; ++i) {
        runs.push_back({"G" + std::to_string(i), "all", "1"});
        for (int j = i + 1; j < 20; j += 3) {
            runs.push_back({"G" + std::to_string(i) + "+G" + std::to_string(j), "all", "1"});
        }
    }
    const Screen screen = screen_of(runs);
    const Split split = make_split(screen, kind("combinations"));
    for (const Fold& fold : split.folds) {
        std::map<std::string, int> count;
        for (const auto& [label, stratum] : strata(fold)) {
            ++count[stratum];
        }
        EXPECT_EQ(count["unseen"], 5) << "a quarter of 20 genes";
        EXPECT_GT(count["seen0"], 0);
        EXPECT_GT(count["seen1"], 10);
        EXPECT_GT(count["seen2"], 5);
        EXPECT_EQ(count.size(), 4U);
        training_part(split, fold, screen);  // checks the strata
    }
}

TEST(Contexts, HoldsOneOutAndKeepsItsControls) {
    auto runs = small_runs();
    runs.push_back({"Q", "K562", "1"});
    const Screen screen = screen_of(runs);
    const Split split = make_split(screen, kind("contexts"));
    ASSERT_EQ(split.folds.size(), 2U);
    EXPECT_EQ(split.folds[0].name, "K562");
    auto of = strata(split.folds[0]);
    EXPECT_EQ(of["A"], "context");
    EXPECT_EQ(of["A+B"], "context");
    EXPECT_EQ(of["Q"], "unseen") << "in no other context";
    const Screen part = training_part(split, split.folds[0], screen);
    EXPECT_EQ(part.contexts.size(), 2U);
    EXPECT_EQ(part.conditions.size(), 2U + 11U);
    EXPECT_TRUE(part.conditions[0].is_control());
    EXPECT_EQ(part.conditions[0].cells, 20);
}

TEST(Cells, DividesEveryCondition) {
    auto runs = small_runs();
    runs.push_back({"Q", "K562", "1", 1});
    const Screen screen = screen_of(runs);
    const Split split = make_split(screen, kind("cells"));
    const Screen part = training_part(split, split.fold(""), screen);
    Screen test = screen;
    keep_test_part(split, split.fold("0"), test);
    EXPECT_EQ(tested(split.folds[0]).count("Q"), 0U) << "one cell cannot be divided";
    EXPECT_EQ(part.conditions.size(), screen.conditions.size());
    EXPECT_EQ(test.conditions.size(), screen.conditions.size() - 1);
    for (const Condition& c : test.conditions) {
        EXPECT_EQ(c.cells, c.is_control() ? 4 : 2);
    }
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        EXPECT_NE(part.cell_condition[cell] < 0, test.cell_condition[cell] < 0) << "on one side, not on both";
    }
    auto more = small_runs();
    more[3].cells = 30;
    more.push_back(runs.back());
    Screen other = screen_of(more);
    EXPECT_NE(message_of([&] { keep_training_part(split, split.folds[0], other); }).find("has 30 cells now"),
              std::string::npos);
}

TEST(KeepTrainingPart, IsTheScreenOfAFileWithoutTheRest) {
    auto runs = small_runs();
    runs.push_back({"A", "K562", "3"});  // a batch of its own
    const Screen screen = screen_of(runs);
    const Split split = custom_split({"A", "X+A", "B+A", "A+B+X", "K562|Z"}, screen);
    std::vector<CellRun> left;
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(left), [](const CellRun& run) {
        return (genes_of(run.label).count("A") == 0 || run.label == "ctrl") &&
               !(run.label == "Z" && run.context == "K562");
    });
    const Screen part = training_part(split, split.fold(""), screen);
    expect_same_conditions(part, screen_of(left));
    std::size_t at = 0;
    const Screen expected = screen_of(left);
    for (std::size_t cell = 0; cell < part.cell_condition.size(); ++cell) {
        if (part.cell_condition[cell] >= 0) {
            EXPECT_EQ(part.cell_condition[cell], expected.cell_condition[at]);
            EXPECT_EQ(part.cell_batch[cell], expected.cell_batch[at]);
            ++at;
        }
    }
    EXPECT_EQ(at, expected.cell_condition.size());
}

TEST(KeepTrainingPart, RefusesWhatTheSplitDoesNotKnow) {
    const Split split = make_split(screen_of(small_runs()), kind("kfold"));
    auto runs = small_runs();
    for (const char* gene : {"A", "B", "C", "X", "Y", "Z"}) {
        runs.push_back({std::string(gene) + "+Q", "K562", "1"});
    }
    Screen more = screen_of(runs);
    EXPECT_NE(message_of([&] { keep_training_part(split, split.folds[0], more); }).find("holds other conditions"),
              std::string::npos)
        << "a combination with a held-out gene would be trained on";
    runs = small_runs();
    runs.erase(std::remove_if(runs.begin(), runs.end(),
                              [](const CellRun& run) { return run.label != "ctrl" && run.label != "A"; }),
               runs.end());
    Screen less = screen_of(runs);
    EXPECT_NE(message_of([&] { keep_training_part(split, split.folds[0], less); }).find("does not have"),
              std::string::npos);
    EXPECT_NE(message_of([&] { (void)split.fold("9"); }).find("expected one of 0, 1, 2"), std::string::npos);
}

TEST(KeepParts, NoiseStaysWithItsCondition) {
    Screen screen = screen_of(small_runs());
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        screen.noise.push_back(static_cast<double>(c));
    }
    const Split split = make_split(screen, kind("kfold"));
    for (const bool training : {true, false}) {
        Screen part = screen;
        (training ? keep_training_part : keep_test_part)(split, split.folds[1], part);
        ASSERT_EQ(part.noise.size(), part.conditions.size());
        for (std::size_t c = 0; c < part.conditions.size(); ++c) {
            const Condition& original = screen.conditions[static_cast<std::size_t>(part.noise[c])];
            EXPECT_EQ(original.perturbation, part.conditions[c].perturbation);
            EXPECT_EQ(original.context, part.conditions[c].context);
        }
    }
}

TEST(MakeSplit, RefusesWhatCannotBeDivided) {
    const Screen singles = screen_of({{"ctrl", "all", "1"}, {"A", "all", "1"}, {"B", "all", "1"}});
    const auto error = [&](const SplitOptions& options) { return message_of([&] { make_split(singles, options); }); };
    EXPECT_NE(error(kind("kfold")).find("2 single perturbations"), std::string::npos);
    EXPECT_NE(error(kind("doubles")).find("no combinations"), std::string::npos);
    EXPECT_NE(error(kind("contexts")).find("one context"), std::string::npos);
    EXPECT_NE(error(kind("halves")).find("expected kfold"), std::string::npos);
    EXPECT_NE(message_of([&] { custom_split({"A", "B"}, singles); }).find("nothing to train"), std::string::npos);
    EXPECT_NE(message_of([&] { custom_split({"Q"}, singles); }).find("no perturbation 'Q'"), std::string::npos);
    SplitOptions options = kind("cells");
    options.share = 1;
    EXPECT_NE(error(options).find("--share 1"), std::string::npos);
}

}  // namespace
}  // namespace lazynet
