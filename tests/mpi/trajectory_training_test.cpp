#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "lazynet/core/error.hpp"
#include "lazynet/train/gates.hpp"
#include "lazynet/train/relaxation_start.hpp"
#include "lazynet/train/trajectory_prediction.hpp"
#include "lazynet/train/trajectory_pruning.hpp"
#include "message_of.hpp"

namespace lazynet::train {
namespace {

constexpr Index kGenes = 12;

/// A system of known wiring: genes 0 to 3 are constant inputs, gene i relaxes to something that hangs on (i + 1) % 4
/// (activating) and, for even i, on i - 1 (repressing).
float production(const Vector& y, Index i) {
    const float on = y[(i + 1) % 4];
    return 0.1f + 0.7f * on * on / (0.25f + on * on) - (i % 2 == 0 ? 0.35f * y[i - 1] : 0.0f);
}
bool is_true_edge(Index regulator, Index target) {
    return target >= 4 && (regulator == (target + 1) % 4 || (target % 2 == 0 && regulator == target - 1));
}

Trajectories made_up(Index samples, std::uint64_t seed) {
    Trajectories t;
    for (Index g = 0; g < kGenes; ++g) {
        t.genes.push_back("G" + std::to_string(g));
    }
    for (Index s = 0; s < samples; ++s) {
        const Random random(seed, "made up", {s});
        Trajectory sample{"S" + std::to_string(s), {0.0, 1.0, 2.5, 4.0}, Matrix(4, kGenes)};
        Vector y(kGenes);
        for (Index g = 0; g < kGenes; ++g) {
            y[g] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(g)));
        }
        sample.values.row(0) = y.transpose();
        double now = 0.0;
        for (Index k = 1; k < 4; ++k) {
            for (; now < sample.times[static_cast<std::size_t>(k)] - 1e-9; now += 0.01) {
                Vector next = y;
                for (Index i = 4; i < kGenes; ++i) {
                    next[i] += 0.01f * (production(y, i) - y[i]);
                }
                y = next;
            }
            sample.values.row(k) = y.transpose();
        }
        t.samples.push_back(sample);
    }
    return t;
}

TrajectoryPrior true_prior() {
    TrajectoryPrior prior;
    std::vector<Eigen::Triplet<float, std::int64_t>> edges;
    for (Index j = 0; j < kGenes; ++j) {
        for (Index i = 0; i < kGenes; ++i) {
            if (is_true_edge(j, i)) {
                edges.emplace_back(j, i, 1.0f);
            }
        }
    }
    prior.edges.resize(kGenes, kGenes);
    prior.edges.setFromTriplets(edges.begin(), edges.end());
    prior.co_regulation = CoRegulation::from_prior(prior.edges);
    return prior;
}

TrajectoryConfig small_config() {
    TrajectoryConfig config;
    config.epochs = 12;
    config.gene_blocks = kGenes;
    config.validation_share = 0.2;
    return config;
}

TEST(TrajectoryData, HoldsOutWholeTrajectoriesAndIsKeyedBySeed) {
    TrajectoryConfig config = small_config();
    config.added_noise = 0.1;
    const TrajectoryData a = make_trajectory_data(made_up(20, 1), {}, config);
    const TrajectoryData b = make_trajectory_data(made_up(20, 1), {}, config);
    config.seed = 1;
    const TrajectoryData c = make_trajectory_data(made_up(20, 1), {}, config);
    EXPECT_EQ(a.training.size(), 16u * 3u);
    EXPECT_EQ(a.validation.size(), 4u * 3u);
    for (const Start& v : a.validation) {
        EXPECT_TRUE(
            std::none_of(a.training.begin(), a.training.end(), [&](const Start& t) { return t.sample == v.sample; }));
    }
    EXPECT_EQ(a.trajectories.samples[3].values, b.trajectories.samples[3].values);
    EXPECT_NE(a.trajectories.samples[3].values, c.trajectories.samples[3].values);
    EXPECT_NE(a.validation, c.validation);
}

TEST(TrajectoryData, SplitsTheIntervalsOfASingleTrajectory) {
    TrajectoryConfig config = small_config();
    config.validation_share = 0.34;
    const TrajectoryData data = make_trajectory_data(made_up(1, 1), {}, config);
    EXPECT_EQ(data.training.size(), 2u);
    EXPECT_EQ(data.validation.size(), 1u);
    config.validation_samples = {7};
    EXPECT_NE(message_of<UserError>([&] {
                  make_trajectory_data(made_up(3, 1), {}, config);
              }).find("--validation-samples names trajectory 7; there are 3"),
              std::string::npos);
}

TEST(TrajectoryData, BatchesEndWhereTrajectoriesEnd) {
    const Trajectories t = made_up(2, 1);
    const std::vector<Start> starts = {{0, 0}, {1, 2}};
    TrajectoryBatch batch;
    gather_batch(t, starts, 3, {1.0, 2.0}, batch);
    ASSERT_EQ(batch.targets.size(), 3u);
    EXPECT_EQ(batch.durations[0][1], 1.5f);
    EXPECT_EQ(batch.weights[0][1], 2.0f);
    EXPECT_EQ(batch.weights[1][1], 0.0f);
    EXPECT_EQ(batch.durations[1][1], 0.0f);
    EXPECT_EQ(batch.targets[2].col(0).transpose(), t.samples[0].values.row(3));
}

TEST(RelaxationStart, FindsTheWiringAndTellsInputs) {
    const TrajectoryData data = make_trajectory_data(made_up(60, 2), {}, small_config());
    const RelaxationStart start = relaxation_start(data, SparseMatrix(kGenes, kGenes), {});
    for (Index i = 0; i < 4; ++i) {
        EXPECT_NEAR(start.decay[i], 0.0f, 1e-3f);
        EXPECT_LT(start.effects.row(i).cwiseAbs().maxCoeff(), 1e-3f);
    }
    for (Index i = 4; i < kGenes; ++i) {
        EXPECT_NEAR(start.decay[i], 1.0f, 0.05f);
        EXPECT_GT(start.effects(i, (i + 1) % 4), 0.2f);
        if (i % 2 == 0) {
            EXPECT_LT(start.effects(i, i - 1), -0.2f);
        }
    }
    EXPECT_EQ(start.prior_discount, 1.0);
}

TEST(RelaxationStart, APriorThatIsRightIsUsed) {
    TrajectoryConfig config = small_config();
    config.added_noise = 0.15;
    const TrajectoryData data = make_trajectory_data(made_up(25, 2), {}, config);
    const TrajectoryPrior prior = true_prior();
    const RelaxationStart with = relaxation_start(data, prior.edges, {});
    const RelaxationStart without = relaxation_start(data, SparseMatrix(kGenes, kGenes), {});
    EXPECT_LT(with.prior_discount, 1.0);
    EXPECT_LT(with.validation, without.validation);
}

/// Trains one replica with rounds; returns it.
TrajectoryReplica train_one(const TrajectoryConfig& config, const TrajectoryData& data, const TrajectoryPrior& prior,
                            std::vector<TrajectoryRound>& rounds) {
    const auto world = mpi::Communicator::world();
    std::vector<TrajectoryReplica> replicas;
    replicas.emplace_back(config, data, prior, 0);
    TrajectoryPruning pruning(config, data, prior);
    for (Index epoch = 1; epoch <= config.epochs; ++epoch) {
        replicas[0].train_epoch(epoch);
        if (pruning.schedule().is_round(epoch)) {
            rounds.push_back(pruning.round(world, epoch, replicas));
        }
        replicas[0].validate();
    }
    return std::move(replicas[0]);
}

TEST(TrajectoryReplica, LearnsAndPrunesToTheWiring) {
    TrajectoryConfig config = small_config();
    config.prune.method = prune::Method::dash;
    config.prune.start = 2;
    config.prune.every = 1;
    config.epochs = 25;
    config.prune.sparsity = 0.9;
    const TrajectoryData data = make_trajectory_data(made_up(60, 2), {}, config);
    const TrajectoryPrior prior = true_prior();
    std::vector<TrajectoryRound> rounds;
    const TrajectoryReplica replica = train_one(config, data, prior, rounds);
    const RelaxationBaseline baseline(data);
    const Matrix observed = observed_ends(data.trajectories, data.validation);
    const double linear = mean_squared_difference(baseline.predict(data.trajectories, data.validation), observed);
    const double ours = mean_squared_difference(
        predict_pairs(replica.best(), data.trajectories, data.validation, config.solver), observed);
    EXPECT_LT(ours, 0.9 * linear);  // with a tenth of the weights
    const Matrix effects = replica.best().effects().rows({0, kGenes});
    for (Index i = 4; i < kGenes; ++i) {
        EXPECT_NE(effects(i, (i + 1) % 4), 0.0f);
    }
    EXPECT_LT(static_cast<double>((effects.array() != 0.0f).count()), 0.45 * static_cast<double>(effects.size()));
}

TEST(TrajectoryPruning, ParityRoundsTakeThePublishedNumbers) {
    TrajectoryConfig config = TrajectoryConfig::published();
    config.hidden = 10;
    config.epochs = 12;
    for (const prune::Method method : {prune::Method::dash, prune::Method::magnitude, prune::Method::bioprune}) {
        config.prune.method = method;
        const TrajectoryData data = make_trajectory_data(made_up(8, 2), {}, config);
        const TrajectoryPrior prior = true_prior();
        std::vector<TrajectoryRound> rounds;
        TrajectoryReplica replica = train_one(config, data, prior, rounds);
        ASSERT_EQ(rounds.size(), 2u);
        EXPECT_EQ(rounds[0].epoch, 3);
        EXPECT_EQ(rounds[0].pruned, 4 * 84);  // 70 % of 120 in each of the four layers
        EXPECT_EQ(rounds[1].epoch, 10);
        EXPECT_EQ(rounds[1].pruned, 4 * 4);  // 10 % of 36, half to even
        for (const Layer* layer : replica.model().layers()) {
            EXPECT_EQ(layer->remaining(), 32);
            const auto values = layer->values();
            EXPECT_LE(std::count_if(values.begin(), values.end(), [](float v) { return v != 0.0f; }), 32);
        }
    }
}

TEST(TrajectoryPruning, BlocksLoseInnerWeightsOnlyAndExactlyTheShare) {
    TrajectoryConfig config = small_config();
    config.warm_start = false;
    config.prune.method = prune::Method::dash;
    config.prune.start = 1;
    config.prune.initial = 0.5;
    config.epochs = 2;
    const TrajectoryData data = make_trajectory_data(made_up(8, 2), {}, config);
    const TrajectoryPrior prior = true_prior();
    std::vector<TrajectoryRound> rounds;
    TrajectoryReplica replica = train_one(config, data, prior, rounds);
    ASSERT_EQ(rounds.size(), 1u);
    EXPECT_EQ(rounds[0].pruned, kGenes * kGenes * 2);  // half of two layers of genes x 2 units per gene
    const auto layers = replica.model().layers();
    EXPECT_EQ(layers[2]->remaining(), kGenes * 2);
    EXPECT_EQ(layers[3]->remaining(), kGenes * 2);
}

TEST(Gates, EffectiveWeightsAreGatesTimesWeightsAndPenaltiesClosePaths) {
    const DynamicsShape shape{kGenes, 1, 4, 1};
    Phoenix model(shape, Random(1, "gates"));
    const Matrix before = model.layers()[1]->dense();
    Gates gates(model, Gates::options_of(prune::Method::pathreg), Random(2, "gates"));
    gates.draw(model, 0);
    const Matrix drawn = model.layers()[1]->dense();
    for (Index j = 0; j < kGenes; ++j) {
        const Eigen::RowVectorXf ratio = drawn.row(j).array() / (before.row(j).array() + 1e-12f);
        const float gate = ratio.maxCoeff();
        EXPECT_LE(gate, 1.0f + 1e-5f);
        EXPECT_LT((drawn.row(j) - gate * before.row(j)).cwiseAbs().maxCoeff(), 1e-6f);
    }
    gates.settle(model);
    const double open = static_cast<double>(model.layers()[1]->dense().cwiseAbs().sum());
    for (long step = 1; step <= 300; ++step) {  // nothing but the penalties pulls
        gates.draw(model, step);
        gates.step(model, AdamStep(0.02, step), 0.0f);
    }
    gates.settle(model);
    EXPECT_LT(static_cast<double>(model.layers()[1]->dense().cwiseAbs().sum()), 0.5 * open);
}

/// Bytes of a replica after all epochs; saved, dropped and taken up again after epoch `interrupted`.
std::vector<std::byte> trained_bytes(const TrajectoryConfig& config, const TrajectoryData& data,
                                     const TrajectoryPrior& prior, Index interrupted) {
    const auto world = mpi::Communicator::world();
    std::vector<TrajectoryReplica> replicas;
    replicas.emplace_back(config, data, prior, 0);
    TrajectoryPruning pruning(config, data, prior);
    std::vector<std::byte> bytes;
    for (Index epoch = 1; epoch <= config.epochs; ++epoch) {
        EXPECT_EQ(replicas[0].next_epoch(), epoch);
        replicas[0].train_epoch(epoch);
        if (epoch == interrupted) {  // also between training and a round
            Packer packer(bytes);
            replicas[0].save(packer);
            replicas.clear();
            Unpacker unpacker(bytes);
            replicas.emplace_back(config, data, prior, 0, unpacker);
            EXPECT_TRUE(unpacker.done());
        }
        if (pruning.schedule().is_round(epoch)) {
            pruning.round(world, epoch, replicas);
        }
        replicas[0].validate();
    }
    bytes.clear();
    Packer packer(bytes);
    replicas[0].save(packer);
    return bytes;
}

TEST(TrajectoryReplica, GoesOnFromItsBytesAsIfNothingHadHappened) {
    std::map<std::string, TrajectoryConfig> configs;
    for (const char* name : {"blocks", "dash", "sparsest"}) {
        TrajectoryConfig config = small_config();
        config.prune.method = std::string(name) == "blocks" ? prune::Method::none : prune::Method::dash;
        config.prune.start = 2;
        config.prune.every = 2;
        config.prune.sparsity = 0.9;
        config.keep = std::string(name) == "sparsest" ? Keep::sparsest : Keep::lowest;
        config.plateau = 0;
        configs[name] = config;
    }
    for (const prune::Method method : {prune::Method::dash, prune::Method::pathreg, prune::Method::none}) {
        TrajectoryConfig config = TrajectoryConfig::published();
        config.hidden = 10;
        config.prune.method = method;
        config.prior_weight = method == prune::Method::none ? 0.1 : 0.0;
        configs["published " + std::to_string(static_cast<int>(method))] = config;
    }
    for (const DynamicsKind kind : {DynamicsKind::mlp, DynamicsKind::lazynet, DynamicsKind::lazynet_dense}) {
        TrajectoryConfig config = small_config();
        config.model = kind;
        config.gene_blocks = kind == DynamicsKind::lazynet_dense ? 1 : kGenes;
        config.warm_start = false;
        config.bootstrap = true;
        configs["kind " + std::to_string(static_cast<int>(kind))] = config;
    }
    const TrajectoryPrior prior = true_prior();
    for (auto& [name, config] : configs) {
        config.epochs = 6;
        const TrajectoryData data = make_trajectory_data(made_up(12, 2), {}, config);
        const auto whole = trained_bytes(config, data, prior, 0);
        for (const Index interrupted : {1, 3, 4}) {
            EXPECT_TRUE(trained_bytes(config, data, prior, interrupted) == whole) << name << ", " << interrupted;
        }
        config.seed = 1;
        EXPECT_FALSE(trained_bytes(config, data, prior, 0) == whole) << name;
    }
}

TEST(TrajectoryReplica, RefusesBytesOfAnotherShape) {
    TrajectoryConfig config = small_config();
    const TrajectoryData data = make_trajectory_data(made_up(12, 2), {}, config);
    const TrajectoryPrior prior = true_prior();
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    TrajectoryReplica(config, data, prior, 0).save(packer);
    config.hidden *= 2;
    Unpacker unpacker(bytes);
    EXPECT_THROW(TrajectoryReplica(config, data, prior, 0, unpacker), InternalError);
}

TEST(PlateauRate, FallsAfterPatienceAndRestarts) {
    PlateauRate rate(1.0, 0.5, 0.2, 2);
    rate.observe(1.0);
    for (int k = 0; k < 3; ++k) {
        rate.observe(1.0);
    }
    EXPECT_EQ(rate.rate(), 0.5);
    for (int k = 0; k < 9; ++k) {
        rate.observe(1.0);
    }
    EXPECT_EQ(rate.rate(), 0.2);
    rate.restart();
    EXPECT_EQ(rate.rate(), 1.0);
}

}  // namespace
}  // namespace lazynet::train
