#include "lazynet/data/screen_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "lazynet/core/error.hpp"
#include "lazynet/data/cell_filter.hpp"
#include "lazynet/data/gene_selection.hpp"
#include "message_of.hpp"

namespace lazynet {
namespace {

using Texts = std::vector<std::string>;

Texts repeated(const std::vector<std::pair<std::string, int>>& runs) {
    Texts texts;
    for (const auto& [text, times] : runs) {
        texts.insert(texts.end(), static_cast<std::size_t>(times), text);
    }
    return texts;
}

struct Built {
    Screen screen;
    ScreenReport report;
};

MemoryTable table_of(const std::vector<Column>& columns) {
    MemoryTable table("test.h5ad", columns.front().rows());
    for (const Column& column : columns) {
        table.add(column);
    }
    return table;
}

Built build(const MemoryTable& obs, const ScreenOptions& options = {}, const Texts& genes = {"A", "B", "C"}) {
    Built built;
    built.screen.genes = genes;
    for (std::size_t i = 0; i < genes.size(); ++i) {
        built.screen.gene_of_column.push_back(static_cast<std::int32_t>(i));
    }
    build_conditions(obs, options, built.screen, built.report);
    return built;
}

std::string error_of(const MemoryTable& obs, const ScreenOptions& options = {}) {
    return message_of([&] { build(obs, options); });
}

TEST(BuildConditions, SortsCellsIntoConditions) {
    const auto obs = table_of(
        {text_column("condition", repeated({{"A+ctrl", 10}, {"ctrl", 12}, {"Z+A", 11}, {"nan", 4}, {"B", 9}}))});
    const auto [screen, report] = build(obs);
    ASSERT_EQ(screen.conditions.size(), 3U);
    EXPECT_EQ(screen.conditions[0].perturbation, "control");
    EXPECT_TRUE(screen.conditions[0].is_control());
    EXPECT_EQ(screen.conditions[0].cells, 12);
    EXPECT_EQ(screen.conditions[1].perturbation, "A");
    EXPECT_EQ(screen.conditions[1].targets, std::vector<Index>({0}));
    EXPECT_EQ(screen.conditions[2].perturbation, "A+Z");
    EXPECT_EQ(screen.conditions[2].targets, std::vector<Index>({0, 3})) << "Z is not measured: behind the three genes";
    EXPECT_EQ(screen.unmeasured, Texts({"Z"}));
    EXPECT_EQ(screen.contexts, Texts({"all"}));
    EXPECT_EQ(screen.batches, Texts({"all"}));
    EXPECT_EQ(screen.cell_condition[0], 1);
    EXPECT_EQ(screen.cell_condition[10], 0);
    EXPECT_EQ(screen.cell_condition[22], 2);
    EXPECT_EQ(screen.cell_condition[33], -1) << "nan is left out";
    EXPECT_EQ(screen.cell_condition[37], -1) << "too few cells";
    EXPECT_EQ(report.cells_used, 33);
    EXPECT_EQ(report.perturbations_by_size, std::vector<Index>({0, 1, 1}));
    ASSERT_EQ(report.left_out.size(), 2U);
    EXPECT_EQ(report.left_out[0].cells, 4);
    EXPECT_EQ(report.left_out[1].cells, 9);
    EXPECT_EQ(report.separators, Texts({"+"}));
}

TEST(BuildConditions, MergesSpellingsOfOnePerturbation) {
    const auto obs = table_of({text_column("condition", repeated({{"A+B", 6}, {"B+A", 6}, {"ctrl", 10}}))});
    const auto screen = build(obs).screen;
    ASSERT_EQ(screen.conditions.size(), 2U);
    EXPECT_EQ(screen.conditions[1].cells, 12);
}

TEST(BuildConditions, TakesTheFirstUsualColumnThatHoldsAControl) {
    const auto obs = table_of({text_column("condition", repeated({{"stim", 20}, {"rest", 20}})),
                               text_column("gene", repeated({{"A", 20}, {"non-targeting", 20}}))});
    EXPECT_EQ(build(obs).report.pert_col, "gene");
    ScreenOptions options;
    options.control = {"rest"};
    EXPECT_EQ(build(obs, options).report.pert_col, "condition");
}

TEST(BuildConditions, BelievesABooleanIsControlColumn) {
    std::vector<double> flags(40, 0.0);
    std::fill(flags.begin() + 20, flags.end(), 1.0);
    const auto obs = table_of({text_column("perturbation", repeated({{"A", 20}, {"OR1", 20}})),
                               number_column("is_control", flags, Column::Kind::boolean)});
    const auto [screen, report] = build(obs);
    EXPECT_EQ(report.control_cells, 20);
    EXPECT_EQ(screen.conditions.size(), 2U);
    EXPECT_TRUE(screen.unmeasured.empty()) << "OR1 is what the controls are called, not a gene of ours";
}

TEST(BuildConditions, FindsContextsOnlyWhereEachHasControls) {
    const Texts labels = repeated({{"A", 20}, {"ctrl", 20}, {"A", 20}, {"ctrl", 20}});
    const Texts cells = repeated({{"k562", 40}, {"a549", 40}});
    const auto with = build(table_of({text_column("condition", labels), text_column("cell_type", cells)}));
    EXPECT_EQ(with.screen.contexts, Texts({"a549", "k562"}));
    ASSERT_EQ(with.screen.conditions.size(), 4U);
    EXPECT_TRUE(with.screen.conditions[0].is_control() && with.screen.conditions[1].is_control());
    EXPECT_EQ(with.screen.conditions[2].context, 0);
    EXPECT_EQ(with.screen.conditions[3].context, 1);
    EXPECT_EQ(with.screen.cell_condition[0], 3);

    const Texts one_sided = repeated({{"k562", 60}, {"a549", 5}, {"k562", 15}});
    const auto without = build(table_of({text_column("condition", labels), text_column("cell_type", one_sided)}));
    EXPECT_EQ(without.report.context_col, "");
    EXPECT_EQ(without.screen.contexts, Texts({"all"}));
}

TEST(BuildConditions, LeavesOutAContextWithoutControls) {
    const auto obs = table_of({text_column("condition", repeated({{"A", 20}, {"ctrl", 20}, {"A", 20}})),
                               text_column("line", repeated({{"x", 40}, {"a", 20}}))});
    ScreenOptions options;
    options.context_col = "line";
    const auto [screen, report] = build(obs, options);
    EXPECT_EQ(screen.contexts, Texts({"x"}));
    ASSERT_EQ(screen.conditions.size(), 2U);
    EXPECT_EQ(screen.conditions[1].context, 0);
    EXPECT_EQ(screen.cell_condition[50], -1);
    ASSERT_EQ(report.left_out.size(), 1U);
    EXPECT_EQ(report.left_out[0].cells, 20);
    EXPECT_EQ(report.notes.size(), 1U);
}

TEST(BuildConditions, FindsBatches) {
    std::vector<double> wells(40, 1.0);
    wells[3] = 2.0;
    wells[4] = std::numeric_limits<double>::quiet_NaN();
    const auto obs =
        table_of({text_column("condition", repeated({{"A", 20}, {"ctrl", 20}})), number_column("gem_group", wells)});
    const auto screen = build(obs).screen;
    EXPECT_EQ(screen.batches, Texts({"(missing)", "1", "2"}));
    EXPECT_EQ(screen.cell_batch[0], 1);
    EXPECT_EQ(screen.cell_batch[3], 2);
    EXPECT_EQ(screen.cell_batch[4], 0);
}

TEST(BuildConditions, FiltersCells) {
    std::vector<double> fraction(40, 0.9);
    std::fill(fraction.begin(), fraction.begin() + 5, 0.5);
    fraction[6] = std::numeric_limits<double>::quiet_NaN();
    const auto obs = table_of(
        {text_column("condition", repeated({{"A", 20}, {"ctrl", 20}})), number_column("guide_frac", fraction)});
    ScreenOptions options;
    options.where = {"guide_frac>0.6"};
    const auto [screen, report] = build(obs, options);
    EXPECT_EQ(screen.conditions[1].cells, 14);
    EXPECT_EQ(report.left_out.at(0).cells, 6);
}

TEST(BuildConditions, ExplainsWhatIsWrong) {
    const auto no_control = table_of({text_column("gene", repeated({{"A", 20}, {"AAVS1", 30}}))});
    EXPECT_NE(error_of(no_control).find("'AAVS1' (30), 'A' (20)"), std::string::npos) << error_of(no_control);
    EXPECT_NE(error_of(no_control).find("--control"), std::string::npos);

    const auto nothing = table_of({text_column("louvain", repeated({{"1", 20}}))});
    EXPECT_NE(error_of(nothing).find("the columns are: louvain"), std::string::npos) << error_of(nothing);

    ScreenOptions options;
    options.pert_col = "guide";
    EXPECT_NE(error_of(no_control, options).find("the columns are: gene"), std::string::npos);

    const auto small = table_of({text_column("gene", repeated({{"A", 7}, {"B", 8}, {"control", 30}}))});
    EXPECT_NE(error_of(small).find("the largest, 'B', has 8"), std::string::npos) << error_of(small);

    const auto few_controls = table_of({text_column("gene", repeated({{"A", 70}, {"control", 3}}))});
    EXPECT_NE(error_of(few_controls).find("only 3 control cells"), std::string::npos) << error_of(few_controls);

    const auto only_controls = table_of({text_column("gene", repeated({{"control", 30}, {"nan", 30}}))});
    EXPECT_NE(error_of(only_controls).find("no perturbation to learn from"), std::string::npos)
        << error_of(only_controls);
}

TEST(CellFilter, ParsesAndCompares) {
    const CellFilter filter = parse_cell_filter(" guide_frac >= 0.6 ");
    EXPECT_EQ(filter.column, "guide_frac");
    EXPECT_EQ(filter.op, CellFilter::Op::greater_equal);
    EXPECT_EQ(filter.value, "0.6");
    EXPECT_EQ(parse_cell_filter("phase!='G1'").value, "G1");
    EXPECT_THROW(parse_cell_filter("guide_frac"), UserError);
    EXPECT_THROW(parse_cell_filter(">3"), UserError);

    const Column numbers = number_column("n", {1, 2, 3});
    EXPECT_EQ(passing_cells(parse_cell_filter("n<2"), numbers), std::vector<bool>({true, false, false}));
    EXPECT_EQ(passing_cells(parse_cell_filter("n!=2"), numbers), std::vector<bool>({true, false, true}));
    EXPECT_THROW(passing_cells(parse_cell_filter("n>x"), numbers), UserError);
    const Column text = text_column("p", {"G1", "S", "G1"});
    EXPECT_EQ(passing_cells(parse_cell_filter("p==G1"), text), std::vector<bool>({true, false, true}));
    EXPECT_THROW(passing_cells(parse_cell_filter("p>G1"), text), UserError);
    const Column dose = text_column("dose", {"0.5", "10", "2"});
    EXPECT_EQ(passing_cells(parse_cell_filter("dose>=2"), dose), std::vector<bool>({false, true, true}))
        << "not as text";
}

TEST(ResolveDuplicates, DoesWhatIsAsked) {
    const Texts names{"A", "B", "A", "C", "A-1", "A"};
    EXPECT_EQ(duplicate_names(names), Texts({"A"}));
    EXPECT_THROW(resolve_duplicates(names, "error"), UserError);
    const GeneAxis first = resolve_duplicates(names, "first");
    EXPECT_EQ(first.genes, Texts({"A", "B", "C", "A-1"}));
    EXPECT_EQ(first.gene_of_column, std::vector<std::int32_t>({0, 1, -1, 2, 3, -1}));
    const GeneAxis drop = resolve_duplicates(names, "drop");
    EXPECT_EQ(drop.genes, Texts({"B", "C", "A-1"}));
    EXPECT_EQ(drop.gene_of_column, std::vector<std::int32_t>({-1, 0, -1, 1, 2, -1}));
    const GeneAxis suffix = resolve_duplicates(names, "suffix");
    EXPECT_EQ(suffix.genes, Texts({"A", "B", "A-2", "C", "A-1", "A-3"}));
    EXPECT_EQ(suffix.gene_of_column, std::vector<std::int32_t>({0, 1, 2, 3, 4, 5}));
}

TEST(SelectGenes, MovesDroppedTargetsToTheUnmeasured) {
    const auto obs =
        table_of({text_column("condition", repeated({{"A", 10}, {"B+Z", 10}, {"A+C", 10}, {"ctrl", 10}}))});
    Screen screen = build(obs).screen;
    const std::vector<std::string> before{screen.regulator(screen.conditions[2].targets[0]),
                                          screen.regulator(screen.conditions[2].targets[1])};
    select_genes(screen, {false, false, true});
    EXPECT_EQ(screen.genes, Texts({"C"}));
    EXPECT_EQ(screen.unmeasured, Texts({"A", "B", "Z"}));
    EXPECT_EQ(screen.gene_of_column, std::vector<std::int32_t>({-1, -1, 0}));
    for (const Condition& condition : screen.conditions) {
        Texts targets;
        for (const Index target : condition.targets) {
            targets.push_back(screen.regulator(target));
        }
        std::sort(targets.begin(), targets.end());
        std::string joined;
        for (const std::string& target : targets) {
            joined += (joined.empty() ? "" : "+") + target;
        }
        EXPECT_EQ(joined, condition.is_control() ? "" : condition.perturbation);
        EXPECT_TRUE(std::is_sorted(condition.targets.begin(), condition.targets.end()));
    }
    EXPECT_THROW(select_genes(screen, {true, true}), InternalError);
}

TEST(NamedOrPerturbed, KeepsMeasuredTargetsToo) {
    const auto obs = table_of({text_column("condition", repeated({{"A", 10}, {"Z", 10}, {"ctrl", 10}}))});
    const Screen screen = build(obs).screen;
    Index not_found = 0;
    EXPECT_EQ(named_or_perturbed(screen, {"C", "Q"}, not_found), std::vector<bool>({true, false, true}));
    EXPECT_EQ(not_found, 1);
}

TEST(BuildConditions, TakesRowsForConditionsWhereNoneOccursTwice) {
    ScreenOptions options;
    options.normalization = "none";
    const auto once = table_of({text_column("condition", {"B", "ctrl", "A+B", "Z"})});
    const auto [screen, report] = build(once, options);
    EXPECT_TRUE(screen.rows_are_conditions);
    EXPECT_TRUE(report.rows_are_conditions);
    ASSERT_EQ(screen.conditions.size(), 4U) << "one row each is enough";
    EXPECT_EQ(screen.conditions[1].perturbation, "A+B");
    EXPECT_EQ(screen.cell_condition, std::vector<std::int32_t>({2, 0, 1, 3}));
    EXPECT_FALSE(screen.knows_noise());

    const auto twice = table_of({text_column("condition", repeated({{"A", 2}, {"ctrl", 1}}))});
    EXPECT_NE(error_of(twice, options).find("only 1 control cells"), std::string::npos) << "these are cells";
    options.rows = "conditions";
    EXPECT_NE(error_of(twice, options).find("'A' has more than one row"), std::string::npos);
    options.rows = "cells";
    EXPECT_NE(error_of(once, options).find("only 1 control cells"), std::string::npos);
    EXPECT_NE(error_of(once).find("only 1 control cells"), std::string::npos) << "expression is of cells";
}

TEST(BuildConditions, RowsOfOneMeaningMakeOneCondition) {
    ScreenOptions options;
    options.normalization = "none";
    const auto [screen, report] = build(
        table_of({text_column("condition", {"B+A", "NT-1", "A+B", "NT-2", "A", "ctrl_synthetic_mean"})}), options);
    EXPECT_TRUE(screen.rows_are_conditions);
    ASSERT_EQ(screen.conditions.size(), 3U);
    EXPECT_EQ(screen.conditions[0].cells, 2) << "two rows of controls";
    EXPECT_EQ(screen.conditions[2].perturbation, "A+B");
    EXPECT_EQ(screen.conditions[2].cells, 2);
    EXPECT_EQ(screen.cell_condition.back(), -1) << "a mean over perturbations is none";
}

TEST(BuildConditions, TellsRowsApartByContext) {
    ScreenOptions options;
    options.normalization = "none";
    const auto obs = table_of({text_column("condition", {"ctrl", "A", "ctrl", "A"}),
                               text_column("cell_type", {"K562", "K562", "RPE1", "RPE1"})});
    const auto [screen, report] = build(obs, options);
    EXPECT_TRUE(screen.rows_are_conditions);
    EXPECT_EQ(screen.contexts, Texts({"K562", "RPE1"}));
    EXPECT_EQ(screen.conditions.size(), 4U);
    EXPECT_EQ(report.context_col, "cell_type");
}

}  // namespace
}  // namespace lazynet
