#include "lazynet/data/simulator/kinetics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"

namespace lazynet::simulator {
namespace {

using Levels = std::vector<double>;

std::size_t at(std::int32_t i) {
    return static_cast<std::size_t>(i);
}

Levels random_basal(const Network& network, std::uint64_t seed = 1) {
    Levels basal;
    for (Index g = 0; g < network.genes(); ++g) {
        basal.push_back(0.2 + 0.6 * Random(seed, "basal").uniform(static_cast<std::uint64_t>(g)));
    }
    return basal;
}

/// The whole state after `interventions`.
Levels respond(Kinetics& kinetics, std::vector<Intervention> interventions) {
    Levels levels = kinetics.wild_type();
    for (const LevelChange& change : kinetics.respond(interventions)) {
        levels[at(change.gene)] = change.level;
    }
    return levels;
}

/// The slow twin: follows dx/dt in small steps, all genes at once, from the wild type.
Levels follow(const Kinetics& kinetics, const std::vector<Intervention>& interventions, Index genes) {
    Levels factor(static_cast<std::size_t>(genes), 1.0);
    for (const Intervention& i : interventions) {
        factor[at(i.gene)] = i.factor;
    }
    Levels levels = kinetics.wild_type();
    for (int step = 0; step < 250; ++step) {
        Levels next(levels);
        for (std::int32_t g = 0; g < static_cast<std::int32_t>(genes); ++g) {
            const double gap = std::min(1.0, factor[at(g)] * kinetics.production(g, levels)) - levels[at(g)];
            next[at(g)] += 0.5 * gap;
        }
        levels = next;
    }
    return levels;
}

/// A network by hand: each gene alone is one regulator; `inputs[g]` lists who regulates g.
Network by_hand(std::vector<std::vector<Regulation>> inputs) {
    Network network;
    network.inputs = std::move(inputs);
    for (std::int32_t g = 0; g < static_cast<std::int32_t>(network.inputs.size()); ++g) {
        network.regulators.push_back({{g}, -1});
        network.logic.push_back(Logic::all_of);
        network.role.push_back(g);
        network.order.push_back(g);
    }
    return network;
}

TEST(HillResponse, IsNoneHalfAndFullAtItsThreePoints) {
    for (const double hill : {1.4, 2.0, 3.0}) {
        EXPECT_DOUBLE_EQ(hill_response(0.0, 0.5, hill), 0.0);
        EXPECT_NEAR(hill_response(0.5, 0.5, hill), 0.5, 1e-14);
        EXPECT_NEAR(hill_response(1.0, 0.5, hill), 1.0, 1e-14);
    }
    // e = 0.5, n = 2: B = (1/4 - 1) / (1/2 - 1) = 3/2; f(0.8) = 1.5 * 0.64 / (0.5 + 0.64)
    EXPECT_NEAR(hill_response(0.8, 0.5, 2.0), 1.5 * 0.64 / 1.14, 1e-14);
}

TEST(Network, HasTheAskedSharesAndAHeavyTail) {
    const Network network = make_network({3000, 0.1, 50}, 7);
    EXPECT_EQ(network.genes(), 3000);
    EXPECT_EQ(network.regulators.size(), 350U);
    EXPECT_EQ(std::set<std::int32_t>(network.order.begin(), network.order.end()).size(), 3000U);
    std::map<std::int32_t, int> out_degree;
    int feedback = 0;
    for (std::int32_t g = 0; g < 3000; ++g) {
        const auto& inputs = network.inputs[at(g)];
        EXPECT_LE(inputs.size(), 4U);
        EXPECT_TRUE(network.role[at(g)] >= 0 || !inputs.empty()) << "only regulators may be inputs";
        EXPECT_TRUE(std::is_partitioned(inputs.begin(), inputs.end(), [](const auto& r) { return !r.represses; }));
        std::set<std::int32_t> distinct;
        for (const Regulation& r : inputs) {
            ++out_degree[r.regulator];
            distinct.insert(r.regulator);
            EXPECT_NE(r.regulator, network.role[at(g)]) << "a gene regulates itself";
            EXPECT_LT(std::pow(static_cast<double>(r.ec50), static_cast<double>(r.hill)), 0.5);
            feedback += network.role[at(g)] >= 0 && r.regulator > network.role[at(g)] ? 1 : 0;
        }
        EXPECT_EQ(distinct.size(), inputs.size());
    }
    int largest = 0;
    for (const auto& [regulator, degree] : out_degree) {
        largest = std::max(largest, degree);
    }
    EXPECT_GT(largest, 8 * 3000 * 3 / 350);
    EXPECT_GT(feedback, 5) << "no edge runs upward, so there are no cycles";
    EXPECT_LT(feedback, 60);
}

TEST(Network, GivesModuleMembersTheSameRegulatorsAndOneEdgeEach) {
    const Network network = make_network({600, 0.1, 20}, 3);
    int modules = 0;
    for (const Regulator& regulator : network.regulators) {
        modules += regulator.module >= 0 ? 1 : 0;
        const auto& first = network.inputs[at(regulator.members[0])];
        for (const std::int32_t member : regulator.members) {
            const auto& inputs = network.inputs[at(member)];
            ASSERT_EQ(inputs.size(), first.size());
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                EXPECT_EQ(inputs[i].regulator, first[i].regulator);
                EXPECT_EQ(inputs[i].represses, first[i].represses);
            }
        }
    }
    EXPECT_EQ(modules, 20);
    std::set<std::pair<std::int32_t, std::int32_t>> pairs;
    std::size_t expected = 0;
    for (const auto& inputs : network.inputs) {
        for (const Regulation& r : inputs) {
            expected += network.regulators[at(r.regulator)].members.size();
        }
    }
    const auto edges = direct_edges(network);
    for (const Edge& edge : edges) {
        pairs.emplace(edge.regulator, edge.target);
    }
    EXPECT_EQ(edges.size(), expected);
    EXPECT_EQ(pairs.size(), expected);
}

TEST(Network, DependsOnTheSeedOnly) {
    const auto edges = [](std::uint64_t seed) {
        std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
        for (const Edge& e : direct_edges(make_network({200, 0.1, 3}, seed))) {
            pairs.emplace_back(e.regulator, e.target);
        }
        return pairs;
    };
    EXPECT_EQ(edges(1), edges(1));
    EXPECT_NE(edges(1), edges(2));
}

TEST(GeneName, SortsLikeItsNumber) {
    EXPECT_EQ(gene_name(7, 1000), "G007");
    EXPECT_EQ(gene_name(7, 1001), "G0007");
    EXPECT_EQ(gene_name(1000, 1001), "G1000");
}

TEST(Kinetics, WildTypeIsASteadyState) {
    const Network network = make_network({1000, 0.1, 15}, 5);
    const Kinetics kinetics(network, random_basal(network));
    for (std::int32_t g = 0; g < 1000; ++g) {
        const double level = kinetics.wild_type()[at(g)];
        EXPECT_NEAR(kinetics.production(g, kinetics.wild_type()), level, 1e-8);
        EXPECT_GE(level, 0.0);
        EXPECT_LE(level, 1.0);
    }
}

TEST(Kinetics, CombinesRegulatorsByTheirLogic) {
    // 0, 1, 2 are inputs; 3 = (0 AND 1) AND NOT 2; 4 = 0 OR 1; 5 = NOT 2.
    Network network = by_hand({{},
                               {},
                               {},
                               {{0, false, 0.5F, 2.0F}, {1, false, 0.5F, 2.0F}, {2, true, 0.5F, 2.0F}},
                               {{0, false, 0.5F, 2.0F}, {1, false, 0.5F, 2.0F}},
                               {{2, true, 0.5F, 2.0F}}});
    network.logic[4] = Logic::any_of;
    const Kinetics kinetics(network, {0.6, 0.3, 0.4, 0, 0, 0});
    const double a = hill_response(0.6, 0.5, 2.0), b = hill_response(0.3, 0.5, 2.0), r = hill_response(0.4, 0.5, 2.0);
    const auto leaky = [](double f) { return Kinetics::kLeak + (1.0 - Kinetics::kLeak) * f; };
    EXPECT_NEAR(kinetics.wild_type()[3], leaky(a * b * (1 - r)), 1e-8);
    EXPECT_NEAR(kinetics.wild_type()[4], leaky(a + b - a * b), 1e-8);
    EXPECT_NEAR(kinetics.wild_type()[5], leaky(1 - r), 1e-8);
}

TEST(Kinetics, SpreadingFromThePerturbedGenesEqualsFollowingAllGenes) {
    const Network network = make_network({250, 0.15, 6}, 11);
    Kinetics kinetics(network, random_basal(network));
    std::size_t moved = 0;
    for (std::int32_t r = 0; r < 40; ++r) {
        std::vector<Intervention> interventions = {{network.regulators[at(r)].members[0], r % 3 == 0 ? 0.0 : 0.2}};
        if (r % 2 == 1) {
            interventions.push_back({network.regulators[at(r + 1)].members[0], 5.0});
        }
        const Levels fast = respond(kinetics, interventions);
        const Levels slow = follow(kinetics, interventions, 250);
        for (std::size_t g = 0; g < 250; ++g) {
            EXPECT_NEAR(fast[g], slow[g], 1e-6) << "gene " << g << ", regulator " << r;
            moved += std::abs(fast[g] - kinetics.wild_type()[g]) > 0.01 ? 1U : 0U;
        }
    }
    EXPECT_GT(moved, 200U) << "nothing to compare";
}

TEST(Kinetics, KnockOutIsZeroAndActivationIsCapped) {
    const Network network = make_network({300, 0.1, 5}, 2);
    Kinetics kinetics(network, random_basal(network));
    for (std::int32_t gene = 0; gene < 300; gene += 7) {
        EXPECT_EQ(respond(kinetics, {{gene, 0.0}})[at(gene)], 0.0);
        EXPECT_NEAR(respond(kinetics, {{gene, 1000.0}})[at(gene)], 1.0, 1e-8);
    }
}

TEST(Kinetics, ForgetsASolveBeforeTheNext) {
    const Network network = make_network({400, 0.1, 6}, 9);
    Kinetics kinetics(network, random_basal(network));
    const std::int32_t a = network.regulators[0].members[0], b = network.regulators[1].members[0];
    const Levels first = respond(kinetics, {{a, 0.0}});
    respond(kinetics, {{b, 0.0}, {a, 3.0}});
    EXPECT_EQ(respond(kinetics, {{a, 0.0}}), first);
    EXPECT_TRUE(kinetics.respond({}).empty());
}

TEST(Kinetics, MembersOfAModuleActTogether) {
    const Network network = make_network({600, 0.1, 20}, 3);
    Kinetics kinetics(network, random_basal(network));
    int compared = 0;
    for (std::size_t r = 0; r < network.regulators.size(); ++r) {
        const Regulator& module = network.regulators[r];
        const auto listens = [&](std::int32_t gene) {
            return std::any_of(network.inputs[at(gene)].begin(), network.inputs[at(gene)].end(),
                               [&](const Regulation& input) { return at(input.regulator) == r; });
        };
        if (module.module < 0) {
            continue;
        }
        const Levels first = respond(kinetics, {{module.members[0], 0.0}});
        for (const std::int32_t member : module.members) {
            const Levels knocked_out = respond(kinetics, {{member, 0.0}});
            const Levels knocked_down = respond(kinetics, {{member, 0.1}});
            for (std::int32_t g = 0; g < 600; ++g) {
                if (network.role[at(g)] == static_cast<std::int32_t>(r)) {
                    continue;
                }
                EXPECT_NEAR(knocked_out[at(g)], first[at(g)], 1e-7) << "members differ in what they do to gene " << g;
                if (listens(g) && std::abs(first[at(g)] - kinetics.wild_type()[at(g)]) > 0.01) {
                    EXPECT_NE(knocked_down[at(g)], kinetics.wild_type()[at(g)]);
                    ++compared;
                }
            }
        }
    }
    EXPECT_GT(compared, 50);
}

TEST(Kinetics, DampsACycleThatOvershoots) {
    // A gene that represses itself steeply: full steps would jump between high and low for ever.
    const Network network = by_hand({{{0, true, 0.5F, 8.0F}}});
    Kinetics kinetics(network, {0.0});
    const double x = kinetics.wild_type()[0];
    EXPECT_NEAR(kinetics.production(0, kinetics.wild_type()), x, 1e-8);
    EXPECT_GT(x, 0.4);
    EXPECT_LT(x, 0.6);
    const double halved = respond(kinetics, {{0, 0.6}})[0];
    EXPECT_NEAR(halved, 0.6 * kinetics.production(0, std::vector<double>{halved}), 1e-8);
}

TEST(Kinetics, RefusesANetworkThatNeverComesToRest) {
    // Three genes in a ring, each steeply repressing the next: a clock.
    const auto represses = [](std::int32_t r) { return std::vector<Regulation>{{r, true, 0.5F, 30.0F}}; };
    const Network network = by_hand({represses(2), represses(0), represses(1)});
    EXPECT_THROW(Kinetics(network, {0.0, 0.0, 0.0}), UserError);
}

}  // namespace
}  // namespace lazynet::simulator
