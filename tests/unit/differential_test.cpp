#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "lazynet/eval/cell_spread.hpp"
#include "lazynet/eval/gene_tests.hpp"
#include "lazynet/kernels/false_discovery.hpp"
#include "lazynet/kernels/rank_sum.hpp"
#include "lazynet/kernels/t_test.hpp"

namespace lazynet {
namespace {

/// tests/fixtures/make_differential.py; "inf" is a word to streams.
class Fixture {
public:
    bool next(const std::string& wanted) {
        for (std::string word; file_ >> word;) {
            if (word == wanted) {
                return true;
            }
        }
        return false;
    }
    double number() {
        std::string word;
        file_ >> word;
        return std::stod(word);
    }
    Index index() { return static_cast<Index>(number()); }
    std::vector<float> numbers(Index n) {
        std::vector<float> values(static_cast<std::size_t>(n));
        std::ranges::generate(values, [&] { return static_cast<float>(number()); });
        return values;
    }

private:
    std::ifstream file_{LAZYNET_FIXTURES "/differential.txt"};
};

std::vector<float> sorted_positive(std::vector<float> values) {
    std::erase(values, 0.0F);
    std::ranges::sort(values);
    return values;
}

void expect_close(double got, double expected, double relative) {
    if (std::isinf(expected)) {
        EXPECT_EQ(got, expected);
    } else {
        EXPECT_NEAR(got, expected, relative * std::abs(expected) + 1e-300);
    }
}

TEST(Differential, AgreesWithScipyOnSamples) {
    Fixture fixture;
    int samples = 0;
    for (; fixture.next("sample"); ++samples) {
        SCOPED_TRACE(samples);
        const Index cells = fixture.index();
        const Index control_cells = fixture.index();
        const double u = fixture.number();
        const double p = fixture.number();
        const double t = fixture.number();
        const double t_p = fixture.number();
        const auto group = sorted_positive(fixture.numbers(cells));
        const auto control = sorted_positive(fixture.numbers(control_cells));
        RankSumReference reference;
        reference.assign(group, 1);  // what was there before must not matter
        reference.assign(control, control_cells);
        const RankSum ranks = reference.test(group, cells);
        EXPECT_EQ(ranks.u, u);
        expect_close(ranks.p, p, 1e-11);
        const TTest test = welch_test(sample_moments(group, cells), sample_moments(control, control_cells));
        expect_close(test.t, t, 1e-11);
        expect_close(test.p, t_p, 1e-9);
    }
    EXPECT_EQ(samples, 13);
}

TEST(Differential, SaysNothingWithoutCells) {
    RankSumReference reference;
    reference.assign({}, 0);
    EXPECT_TRUE(std::isnan(reference.test({}, 3).p));
    reference.assign({}, 3);
    EXPECT_TRUE(std::isnan(reference.test({}, 0).p));
}

TEST(Differential, HasStudentsTails) {
    Fixture fixture;
    int values = 0;
    for (; fixture.next("student"); ++values) {
        const double t = fixture.number();
        const double freedom = fixture.number();
        expect_close(student_p(t, freedom), fixture.number(), 1e-10);
    }
    EXPECT_EQ(values, 35);
}

TEST(Differential, AdjustsAsBenjaminiAndHochberg) {
    Fixture fixture;
    int rows = 0;
    for (; fixture.next("discoveries"); ++rows) {
        const Index n = fixture.index();
        std::vector<float> p = fixture.numbers(n);
        std::vector<float> gaps(p);  // values not tested, at both ends and between
        for (std::size_t i = 0; i <= p.size(); ++i) {
            gaps.insert(gaps.begin() + static_cast<std::ptrdiff_t>(2 * i), std::nanf(""));
        }
        adjust_p_values(p);
        adjust_p_values(gaps);
        for (std::size_t i = 0; i < p.size(); ++i) {
            expect_close(static_cast<double>(p[i]), fixture.number(), 1e-6);
            EXPECT_EQ(gaps[2 * i + 1], p[i]);
            EXPECT_TRUE(std::isnan(gaps[2 * i]));
        }
    }
    EXPECT_EQ(rows, 4);
}

TEST(Differential, TakesMomentsApartAndTogether) {
    const std::vector<float> a{0.5F, 1.0F, 4.0F};
    const std::vector<float> b{2.0F};
    std::vector<float> both{0.5F, 1.0F, 2.0F, 4.0F};
    const SampleMoments of_a = sample_moments(a, 7);
    const SampleMoments of_b = sample_moments(b, 2);
    const SampleMoments all = together(of_a, of_b);
    const SampleMoments expected = sample_moments(both, 9);
    EXPECT_NEAR(all.variance(), expected.variance(), 1e-14);
    EXPECT_NEAR(without(all, of_b).variance(), of_a.variance(), 1e-14);
    EXPECT_NEAR(without(all, of_b).mean(), of_a.mean(), 1e-14);
    EXPECT_EQ(without(of_a, of_a).cells, 0);
    EXPECT_EQ(together(SampleMoments{}, of_a).squares, of_a.squares);
}

TEST(Differential, HasFoldChangesOfNothing) {
    EXPECT_EQ(eval::log2_fold_change(0, 0), 0);
    EXPECT_EQ(eval::log2_fold_change(0.1, 0), std::log2(20.0));
    EXPECT_EQ(eval::log2_fold_change(0, 0.1), -std::log2(20.0));
    EXPECT_NEAR(eval::log2_fold_change(std::log1p(6), std::log1p(3)), 1, 1e-14);
}

/// The small screen of the fixture: controls first, then by (perturbation, context).
struct SmallScreen {
    Screen screen;
    std::vector<Index> cells;
    std::vector<std::int32_t> condition;      ///< per cell
    std::vector<std::vector<float>> columns;  ///< per gene

    explicit SmallScreen(Fixture& fixture) {
        const Index n = fixture.index();
        columns.resize(static_cast<std::size_t>(fixture.index()));
        const Index contexts = fixture.index();
        const Index conditions = fixture.index();
        screen.contexts.resize(static_cast<std::size_t>(contexts));
        for (Index c = 0; c < contexts * conditions; ++c) {
            screen.conditions.push_back({"", c % contexts, {}, 0});
            if (c >= contexts) {
                screen.conditions.back().targets = {0};
            }
        }
        cells.resize(screen.conditions.size());
        for (Index i = 0; i < n; ++i) {
            const Index context = fixture.index();
            condition.push_back(static_cast<std::int32_t>(fixture.index() * contexts + context));
            ++cells[static_cast<std::size_t>(condition.back())];
            for (auto& column : columns) {
                column.push_back(static_cast<float>(fixture.number()));
            }
        }
    }

    [[nodiscard]] std::vector<eval::GeneTest> test(eval::GeneTests& tests, std::size_t gene) const {
        std::vector<std::pair<std::int32_t, float>> entries;
        for (std::size_t i = 0; i < condition.size(); ++i) {
            if (columns[gene][i] > 0) {
                entries.emplace_back(condition[i], columns[gene][i]);
            }
        }
        std::ranges::stable_sort(entries, {}, &std::pair<std::int32_t, float>::first);
        std::vector<std::int32_t> conditions;
        std::vector<float> values;
        for (const auto& [c, value] : entries) {
            conditions.push_back(c);
            values.push_back(value);
        }
        const auto results = tests.test(conditions, values);
        return {results.begin(), results.end()};
    }
};

/// Values of one kind for all genes in a condition, and Benjamini-Hochberg of them.
struct Rows {
    std::vector<float> values;
    [[nodiscard]] std::vector<float> adjusted() const {
        std::vector<float> q = values;
        adjust_p_values(q);
        return q;
    }
};

TEST(Differential, AgreesWithScipyOnAScreen) {
    Fixture fixture;
    ASSERT_TRUE(fixture.next("screen"));
    const SmallScreen small(fixture);
    const auto genes = small.columns.size();
    const auto contexts = static_cast<Index>(small.screen.contexts.size());
    const Index conditions = static_cast<Index>(small.screen.conditions.size()) / contexts;
    std::vector<bool> wanted(small.cells.size(), true);
    eval::GeneTests tests(small.screen, small.cells, wanted);
    wanted.back() = false;
    eval::GeneTests fewer(small.screen, small.cells, wanted);
    EXPECT_TRUE(std::isnan(small.test(fewer, 0).back().rank_p));
    EXPECT_EQ(small.test(fewer, 0)[2].score_rest, small.test(tests, 0)[2].score_rest);
    std::vector<std::vector<eval::GeneTest>> results;
    for (std::size_t g = 0; g < genes; ++g) {
        results.push_back(small.test(tests, g));
        EXPECT_TRUE(std::isnan(results.back()[0].rank_p));
        EXPECT_TRUE(std::isnan(results.back()[1].score));
    }
    for (Index k = 0; k < contexts; ++k) {
        for (Index c = 1; c < conditions; ++c) {
            std::array<Rows, 6> rows;
            for (std::size_t g = 0; g < genes; ++g) {
                const auto fields = results[g][static_cast<std::size_t>(c * contexts + k)].fields();
                for (std::size_t f = 0; f < rows.size(); ++f) {
                    rows[f].values.push_back(fields[f]);
                }
            }
            for (const auto& row : {rows[0].values, rows[1].values, rows[1].adjusted(), rows[2].values,
                                    rows[3].adjusted(), rows[4].values, rows[5].adjusted()}) {
                for (const float value : row) {
                    const double expected = fixture.number();
                    EXPECT_NEAR(static_cast<double>(value), expected, 1e-6 * std::abs(expected) + 1e-12);
                }
            }
        }
    }
}

TEST(CellSpread, AgreesWithNumpyAndGears) {
    Fixture fixture;
    int rows = 0;
    for (; fixture.next("spread"); ++rows) {
        SCOPED_TRACE(rows);
        const Index cells = fixture.index();
        std::vector<std::vector<eval::GeneSpread>> spreads(1);
        for (std::int32_t gene = 0; gene < 20; ++gene) {
            std::vector<float> values = fixture.numbers(cells);
            const eval::GeneSpread s = eval::spread_of(gene, values);
            for (const double got : {s.mean, s.sd, s.min, s.max, s.q25, s.q40, s.q45, s.q55, s.q60, s.q75}) {
                EXPECT_NEAR(got, fixture.number(), 1e-7);
            }
            spreads[0].push_back(s);
        }
        eval::PredictedProfiles predicted;
        const std::vector<float> mean = fixture.numbers(20);
        predicted.mean = ConstMatrixView(mean.data(), 1, 20);
        const eval::MeasureTable table = eval::spread_measures(spreads, predicted);
        ASSERT_EQ(table.values.cols(), static_cast<Index>(table.measures.size()));
        for (Index m = 0; m < table.values.cols(); ++m) {
            const double expected = fixture.number();
            const double got = table.values(0, m);
            EXPECT_TRUE(std::isnan(expected) ? std::isnan(got) : std::abs(got - expected) < 1e-6)
                << table.measures[static_cast<std::size_t>(m)].name << ": " << got << " for " << expected;
        }
    }
    EXPECT_EQ(rows, 4);
}

}  // namespace
}  // namespace lazynet
