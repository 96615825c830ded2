#include "lazynet/scoring/baselines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "lazynet/core/random.hpp"
#include "made_up_baselines.hpp"

namespace lazynet::scoring {
namespace {

class Baselines : public ::testing::Test {
protected:
    Baselines() {
        table.conditions = made_up.training;
        table.change = MadeUpBaselines::changes(static_cast<Index>(made_up.training.size()), genes.mine);
        table.control = MadeUpBaselines::controls(genes.mine);
        table.regulators = MadeUpBaselines::kRegulators;
        table.gene_of = made_up.gene_of;
        task.training.resize(made_up.training.size());
        std::iota(task.training.begin(), task.training.end(), Index{0});
        task.test = made_up.test;
        task.graph = &graph;
    }

    const mpi::Communicator world = mpi::Communicator::world();
    const MadeUpBaselines made_up{LAZYNET_FIXTURES "/baselines.txt"};
    const eval::Features graph = MadeUpBaselines::graph();
    const GeneChunks genes{MadeUpBaselines::kGenes, world};
    ChangeTable table;
    BaselineTask task{genes, table, {}, {}, nullptr, 0};
};

TEST_F(Baselines, AgreeWithNumpyWhereNothingIsChosen) {
    for (const std::string name : {"no_change", "mean", "perturb_mean", "additive", "bilinear"}) {
        const BaselinePrediction prediction = predict_baseline(world, name, task);
        const Matrix& expected = made_up.predictions.at(name);
        for (std::size_t k = 0; k < made_up.shown.size(); ++k) {
            if (genes.mine.contains(made_up.shown[k])) {
                const Vector apart =
                    prediction.change.col(made_up.shown[k] - genes.mine.begin) - expected.col(static_cast<Index>(k));
                EXPECT_LT(apart.cwiseAbs().maxCoeff(), 2e-6F) << name << ", gene " << made_up.shown[k];
            }
        }
        EXPECT_LT(prediction.penalty, 0.0);
    }
}

TEST_F(Baselines, AreTheSameOnAnyNumberOfRanks) {
    // Of the run on one rank.
    const mpi::Communicator alone = world.split(world.rank());
    const GeneChunks all(MadeUpBaselines::kGenes, alone);
    ChangeTable whole = table;
    whole.change = MadeUpBaselines::changes(static_cast<Index>(made_up.training.size()), all.mine);
    whole.control = MadeUpBaselines::controls(all.mine);
    const BaselineTask serial{all, whole, task.training, task.test, &graph, 0};
    for (const Baseline& baseline : baselines()) {
        const BaselinePrediction spread = predict_baseline(world, baseline.name, task);
        const BaselinePrediction one = predict_baseline(alone, baseline.name, serial);
        EXPECT_EQ(spread.penalty, one.penalty) << baseline.name;
        EXPECT_EQ(spread.coverage, one.coverage) << baseline.name;
        const Matrix mine = one.change.middleCols(genes.mine.begin, genes.mine.size());
        EXPECT_EQ(spread.change, mine) << baseline.name;
    }
}

TEST_F(Baselines, PenaltiesComeFromTheTrainingPart) {
    // Changes that follow from which genes are perturbed ask for a small penalty, others for the largest.
    for (Index p = 0; p < table.change.rows(); ++p) {
        table.change.row(p).setConstant(static_cast<float>(made_up.training[static_cast<std::size_t>(p)].genes.size()));
    }
    const double exact = predict_baseline(world, "ridge_onehot", task).penalty;
    for (Index p = 0; p < table.change.rows(); ++p) {
        for (Index i = 0; i < genes.mine.size(); ++i) {
            const Random noise(1, "noise", {p, genes.mine.begin + i});
            table.change(p, i) = static_cast<float>(noise.normal(0));
        }
    }
    const double none = predict_baseline(world, "ridge_onehot", task).penalty;
    EXPECT_LT(exact, 0.2);
    EXPECT_GT(none, 100 * exact);
}

TEST_F(Baselines, WithoutAMeasuredTargetTheBilinearModelCoversNothing) {
    std::fill(table.gene_of.begin(), table.gene_of.end(), Index{-1});
    const BaselinePrediction prediction = predict_baseline(world, "bilinear", task);
    EXPECT_EQ(prediction.coverage, std::vector<eval::Coverage>(task.test.size(), eval::Coverage::none));
    EXPECT_EQ(prediction.change.rows(), 0);
}

}  // namespace
}  // namespace lazynet::scoring
