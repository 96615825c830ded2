#include "lazynet/train/pseudobulk_shard.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

/// A screen of singles and doubles whose changes are J d exactly, J of rank 2, without noise.
struct Planted {
    static constexpr Index kGenes = 60, kRegulators = 20, kBegin = 10, kOutputs = 40;
    Screen screen;
    Pairs pairs;
    BlockTargets block;
    MatrixD jacobian;  ///< (outputs, inputs)
    TrainConfig config;

    explicit Planted(float noise = 0.0f) {
        for (Index g = 0; g < kGenes; ++g) {
            screen.genes.push_back(fmt::format("g{}", g));
        }
        screen.contexts = {"all"};
        screen.conditions = {{"control", 0, {}, 100}};
        for (Index j = 0; j < kRegulators; ++j) {
            screen.conditions.push_back({screen.genes[static_cast<std::size_t>(2 * j)], 0, {2 * j}, 50});
            screen.conditions.push_back({fmt::format("double{}", j), 0, {2 * j, (2 * j + 6) % (2 * kRegulators)}, 50});
            auto& targets = screen.conditions.back().targets;
            std::sort(targets.begin(), targets.end());
        }
        pairs = make_pairs(screen, estimate_shifts({}, kGenes, -2.0), config, false);
        plant(noise);
        config.hidden_sums = 4;
        config.hidden_products = 0;
        config.epochs = 600;
        config.patience = 600;
        config.validation_share = 0.0;
        config.bootstrap_cells = config.bootstrap_perturbations = false;
        config.l2 = 0.0;
        config.resolve();
    }

    void plant(float noise) {
        const auto random = [](Index rows, Index cols, const char* stream) {
            MatrixD m(rows, cols);
            const Random values(11, stream);
            for (Index k = 0; k < m.size(); ++k) {
                m.data()[k] = values.normal(static_cast<std::uint64_t>(k));
            }
            return m;
        };
        jacobian = 0.2 * random(kOutputs, 2, "left") * random(2, kRegulators, "right");
        block.genes = {kBegin, kBegin + kOutputs};
        block.change.setZero(pairs.size(), kOutputs);
        block.noise = Matrix::Constant(pairs.size(), kOutputs, noise);
        block.weights.assign(static_cast<std::size_t>(pairs.size()), 1.0);
        block.own.push_back(0);
        for (Index p = 0; p < pairs.size(); ++p) {
            for (auto k = static_cast<std::size_t>(pairs.offsets[static_cast<std::size_t>(p)]);
                 k < static_cast<std::size_t>(pairs.offsets[static_cast<std::size_t>(p) + 1]); ++k) {
                const Index j = pairs.columns[k];
                const double shift = static_cast<double>(pairs.values[k] * pairs.scale[static_cast<std::size_t>(j)]);
                block.change.row(p) += (shift * jacobian.col(j)).transpose().cast<float>();
                const Index gene = pairs.inputs[static_cast<std::size_t>(j)];
                if (block.genes.contains(gene)) {
                    block.own_output.push_back(static_cast<std::int32_t>(gene - kBegin));
                }
            }
            block.own.push_back(static_cast<std::int64_t>(block.own_output.size()));
            // What a perturbed gene does itself is given: garbage there must not matter.
            for (auto k = static_cast<std::size_t>(block.own[static_cast<std::size_t>(p)]); k < block.own_output.size();
                 ++k) {
                block.change(p, block.own_output[k]) = 1000.0f;
            }
        }
    }

    [[nodiscard]] TrainedShard train(double l2 = 0.0, Index replica = 0) const {
        return train_pseudobulk_shard({replica, 1, block.genes}, pairs, block, config, l2, [](const EpochRecord&) {});
    }

    /// J - I of a shard, in unscaled inputs.
    [[nodiscard]] MatrixD jacobian_of(const TrainedShard& shard) const {
        MatrixD factor = jacobian_factor(shard.net, shard.slopes).cast<double>();
        for (Index j = 0; j < factor.rows(); ++j) {
            factor.row(j) /= static_cast<double>(pairs.scale[static_cast<std::size_t>(j)]);
        }
        return shard.net.c.leftCols(shard.net.shape.hidden()).cast<double>() * factor.transpose();
    }
};

TEST(PseudobulkShard, RecoversAPlantedLowRankJacobian) {
    const Planted planted;
    const TrainedShard shard = planted.train();
    EXPECT_LT((planted.jacobian_of(shard) - planted.jacobian).norm(), 0.02 * planted.jacobian.norm());
    const Matrix predicted = pair_hidden(planted.pairs, shard.net) * shard.net.c.transpose();
    double error = 0.0;
    double none = 0.0;
    for (Index p = 0; p < planted.pairs.size(); ++p) {
        for (Index i = 0; i < Planted::kOutputs; ++i) {
            const float change = planted.block.change(p, i);
            if (change < 1000.0f) {
                error += std::pow(static_cast<double>(predicted(p, i) - change), 2);
                none += std::pow(static_cast<double>(change), 2);
            }
        }
    }
    EXPECT_LT(error, 1e-3 * none);
    EXPECT_LT(shard.history.back().training, 1e-3);
}

TEST(PseudobulkShard, ProductsRecoverItToFirstOrder) {
    Planted planted;
    planted.config.hidden_sums = 0;
    planted.config.hidden_products = 8;
    const TrainedShard shard = planted.train();
    EXPECT_LT((planted.jacobian_of(shard) - planted.jacobian).norm(), 0.3 * planted.jacobian.norm());
}

TEST(PseudobulkShard, LearnsNothingBeyondTheLargestPenalty) {
    Planted planted;
    planted.block.change = (planted.block.change.array() > 999.0f).select(0.0f, planted.block.change);
    const double largest = largest_penalty(planted.pairs, planted.block);
    EXPECT_GT(largest, 0.0);
    EXPECT_LT(planted.jacobian_of(planted.train(2.0 * largest)).norm(), 0.01 * planted.jacobian.norm());
    EXPECT_GT(planted.jacobian_of(planted.train(0.02 * largest)).norm(), 0.5 * planted.jacobian.norm());
}

TEST(PseudobulkShard, KeepsAnUnperturbedStateAsItIs) {
    const TrainedShard shard = Planted().train();
    EXPECT_EQ(shard.net.a.row(shard.net.shape.inputs).norm(), 0.0f);
    EXPECT_EQ(shard.net.c.col(shard.net.shape.hidden()).norm(), 0.0f);
}

TEST(PseudobulkShard, TrainsToTheSameBitsEveryTime) {
    Planted planted(0.1f);
    planted.config.epochs = 40;
    planted.config.hidden_products = 3;
    planted.config.validation_share = 0.2;
    planted.config.bootstrap_cells = planted.config.bootstrap_perturbations = true;
    planted.config.batch = 7;
    const TrainedShard once = planted.train(0.01, 2);
    const TrainedShard again = planted.train(0.01, 2);
    EXPECT_EQ(once.net.a, again.net.a);
    EXPECT_EQ(once.net.c, again.net.c);
    EXPECT_EQ(once.slopes, again.slopes);
    EXPECT_EQ(once.support, again.support);
    EXPECT_EQ(once.best_epoch, again.best_epoch);
    const TrainedShard other = planted.train(0.01, 3);
    EXPECT_NE(once.net.c, other.net.c);
}

TEST(PseudobulkShard, CountsOnlyTrainingPairsAsSupport) {
    Planted planted;
    planted.config.epochs = 5;
    planted.config.validation_share = 0.2;
    planted.pairs = make_pairs(planted.screen, estimate_shifts({}, Planted::kGenes, -2.0), planted.config, false);
    for (Index replica = 0; replica < 5; ++replica) {
        std::vector<std::int32_t> expected(planted.pairs.inputs.size(), 0);
        for (Index p = 0; p < planted.pairs.size(); ++p) {
            for (auto k = static_cast<std::size_t>(planted.pairs.offsets[static_cast<std::size_t>(p)]);
                 k < static_cast<std::size_t>(planted.pairs.offsets[static_cast<std::size_t>(p) + 1]); ++k) {
                expected[static_cast<std::size_t>(planted.pairs.columns[k])] +=
                    planted.pairs.held_out(p, replica) ? 0 : 1;
            }
        }
        EXPECT_EQ(planted.train(0.0, replica).support, expected);
    }
}

}  // namespace
}  // namespace lazynet::train
