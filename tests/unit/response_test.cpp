#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <set>

#include "../../src/train/leave_out.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/data/gene_families.hpp"
#include "lazynet/model/response_ridge.hpp"
#include "lazynet/train/response_fit.hpp"

namespace lazynet::train {
namespace {

constexpr Index kGenes = 30;

MatrixD random_matrix(Index rows, Index cols, const char* stream) {
    const Random random(5, stream);
    MatrixD m(rows, cols);
    for (Index k = 0; k < m.size(); ++k) {
        m.data()[k] = random.normal(static_cast<std::uint64_t>(k));
    }
    return m;
}

/// Twelve singles of genes u0 ... u11, unmeasured, and combinations of neighbours; genes embedded in three dimensions.
class Screened : public ::testing::Test {
protected:
    Screened() {
        screen_.contexts = {"all"};
        for (Index g = 0; g < kGenes; ++g) {
            screen_.genes.push_back("m" + std::to_string(g));
        }
        screen_.conditions.push_back({"control", 0, {}, 100});
        for (Index u = 0; u < 12; ++u) {
            screen_.unmeasured.push_back("u" + std::to_string(u));
            screen_.conditions.push_back({screen_.unmeasured.back(), 0, {kGenes + u}, 20});
        }
        for (Index u = 0; u < 6; ++u) {
            screen_.conditions.push_back({"u" + std::to_string(u) + "+v", 0, {kGenes + u, kGenes + u + 1}, 20});
        }
        const Shifts shifts = estimate_shifts({}, screen_.regulators(), 0.0);
        TrainConfig config;
        config.validation_share = 0.0;
        pairs_ = make_pairs(screen_, shifts, config, false);
        GeneEmbedding source{"made up", screen_.unmeasured, random_matrix(12, 3, "embedding").cast<float>()};
        std::sort(source.names.begin(), source.names.end());
        pairs_.embedding = embed_pairs(screen_, pairs_.conditions, shifts.of, {source});
        noise_ = (random_matrix(pairs_.size(), 1, "noise").cwiseAbs().array() + 0.1).matrix();
    }

    /// The covariance that the closed form never writes down.
    [[nodiscard]] MatrixD covariance(const ResponseVariances& v) const {
        MatrixD z = MatrixD::Zero(pairs_.size(), static_cast<Index>(pairs_.inputs.size()));
        for (Index p = 0; p < pairs_.size(); ++p) {
            for (auto k = pairs_.offsets[static_cast<std::size_t>(p)];
                 k < pairs_.offsets[static_cast<std::size_t>(p) + 1]; ++k) {
                z(p, pairs_.columns[static_cast<std::size_t>(k)]) =
                    static_cast<double>(pairs_.values[static_cast<std::size_t>(k)]);
            }
        }
        const MatrixD& f = pairs_.embedding.features;
        return v.perturbation * z * z.transpose() + f * v.features.asDiagonal() * f.transpose();
    }

    static ResponseVariances variances() {
        ResponseVariances v;
        v.perturbation = 0.7;
        v.features = VectorD::Zero(5);
        v.features << 0.3, 0.0, 0.5, 0.2, 0.1;
        return v;
    }

    Screen screen_;
    Pairs pairs_;
    VectorD noise_;
};

TEST_F(Screened, RidgeEqualsTheDenseFormula) {
    const ResponseVariances v = variances();
    const ResponseRidge ridge({pairs_.rows(), &pairs_.embedding.features}, v, noise_);
    const MatrixD k = covariance(v);
    const MatrixD s = k + MatrixD(noise_.asDiagonal());
    const MatrixD y = random_matrix(pairs_.size(), 4, "changes");
    const MatrixD solved = s.llt().solve(y);
    EXPECT_LT((ridge.solve(y) - solved).norm(), 1e-10);
    EXPECT_LT((ridge.signal(solved) - k * solved).norm(), 1e-10);
    EXPECT_LT((ridge.covariance_with({pairs_.rows(), &pairs_.embedding.features}) - k).norm(), 1e-10);
    EXPECT_LT(
        (ridge.feature_part(solved) - v.features.asDiagonal() * MatrixD(pairs_.embedding.features.transpose() * solved))
            .norm(),
        1e-10);
}

TEST_F(Screened, LeavingOutInClosedFormEqualsLeavingOut) {
    const MatrixD y = random_matrix(pairs_.size(), kGenes, "changes");
    std::vector<Index> rows;
    std::vector<double> noise;
    for (Index p = 0; p < pairs_.size(); ++p) {
        rows.push_back(p);
        noise.push_back(0.05);
    }
    const LeaveOut closed(pairs_, rows, noise, y * y.transpose() / static_cast<double>(kGenes));
    const Strengths strengths{{0.3, 0.8}, 0.2, 0.15, 0.04};
    const std::vector<double> errors = closed.errors(strengths);
    ASSERT_EQ(errors.size(), static_cast<std::size_t>(pairs_.size()));
    ASSERT_EQ(closed.singles(), 12);

    ResponseVariances v;
    v.perturbation = 1.0;
    v.features = VectorD::Zero(5);
    v.features << 0.3, 0.8, 0.8, 0.8, 0.2;
    MatrixD s = covariance(v);
    for (Index p = 0; p < pairs_.size(); ++p) {
        s(p, p) += 0.05 / closed.signal() + 0.04 + (p >= 12 ? 0.15 : 0.0);
    }
    for (Index p : {Index{3}, Index{14}}) {
        std::vector<Index> others;
        for (Index q = 0; q < pairs_.size(); ++q) {
            const auto& targets =
                screen_.conditions[static_cast<std::size_t>(pairs_.conditions[static_cast<std::size_t>(q)])].targets;
            const bool same_gene = p == 3 && std::count(targets.begin(), targets.end(), kGenes + 3) > 0;
            if (q != p && !same_gene) {
                others.push_back(q);
            }
        }
        const MatrixD inner = s(others, others);
        const MatrixD known = y(others, Eigen::all);
        const MatrixD predicted = MatrixD(s(std::vector<Index>{p}, others)) * inner.llt().solve(known);
        const double error = (y.row(p) - predicted.row(0)).squaredNorm() / static_cast<double>(kGenes);
        EXPECT_NEAR(errors[static_cast<std::size_t>(p)], error, 1e-9 * error) << p;
    }
}

/// A prior without noise to speak of, and outputs enough for the directions: the model then says what the ridge says.
TEST_F(Screened, AFittedShardSaysWhatTheRidgeSays) {
    ResponsePrior prior;
    prior.signal = 1.0;
    prior.variances = variances();
    prior.trained = prior.variances;
    prior.sampling = VectorD::Zero(pairs_.size());
    prior.particular = VectorD::Constant(pairs_.size(), 0.02);
    BlockTargets block;
    block.genes = {0, kGenes};
    block.change = random_matrix(pairs_.size(), kGenes, "changes").cast<float>();
    block.noise.setZero(pairs_.size(), kGenes);
    block.weights.assign(static_cast<std::size_t>(pairs_.size()), 1.0);
    block.own.assign(static_cast<std::size_t>(pairs_.size()) + 1, 0);
    TrainConfig config;
    config.bootstrap_cells = config.bootstrap_perturbations = false;
    config.resolve();
    ASSERT_EQ(config.fit, Fit::closed);
    const TrainedShard shard = fit_responses({0, 0, block.genes}, pairs_, block, config, prior);
    const Matrix predicted = pair_hidden(pairs_, shard.net) * shard.net.c.transpose();
    // Directions differ in signal, but all of them far above the noise: the fit hardly depends on it.
    const MatrixD k = covariance(prior.variances);
    const MatrixD s = k + MatrixD(prior.particular.asDiagonal());
    const MatrixD expected = k * s.llt().solve(MatrixD(block.change.cast<double>()));
    EXPECT_LT((predicted.cast<double>() - expected).norm(), 0.02 * expected.norm());
    EXPECT_GT((predicted.cast<double>() - block.change.cast<double>()).norm(), 0.02 * expected.norm());
}

TEST_F(Screened, ValidationNeverUsesThePairItPredicts) {
    ResponsePrior prior;
    prior.signal = 1.0;
    prior.variances = variances();
    prior.trained = prior.variances;
    prior.sampling = noise_;
    prior.particular = VectorD::Zero(pairs_.size());
    const ResponseValidation validation = validate_responses(pairs_, prior, 3);
    for (Index p = 0; p < pairs_.size(); ++p) {
        EXPECT_EQ(validation.weights(p, p), 0.0f);
        EXPECT_GT(validation.weights.row(p).cwiseAbs().sum(), 0.0f);
    }
    // A single is predicted without the combinations of its gene; a combination with its members' singles.
    EXPECT_EQ(validation.weights(3, 12 + 3), 0.0f);
    EXPECT_EQ(validation.weights(3, 12 + 2), 0.0f);
    EXPECT_NE(validation.weights(12 + 3, 3), 0.0f);
}

TEST(GeneFamilies, AreBeginningsThatPerturbedGenesShare) {
    const GeneEmbedding families =
        gene_families({"RPL3", "RPL31", "RPL10", "MYC", "ENSG00000141510", "ENSG00000141511", "RPS6"},
                      {"RPL3", "RPL31", "MYC", "ENSG00000141510", "ENSG00000141511"}, 10);
    ASSERT_EQ(families.dimensions(), 1);  // "RPL": shared by two perturbed genes; accessions are no families
    for (std::size_t g = 0; g < families.names.size(); ++g) {
        EXPECT_EQ(families.values(static_cast<Index>(g), 0), families.names[g].starts_with("RPL") ? 1.0f : 0.0f);
    }
    EXPECT_EQ(gene_families({"CEBPA", "CEBPB", "RPL3", "RPL4"}, {"CEBPA", "CEBPB", "RPL3", "RPL4"}, 2).dimensions(), 2);
}

}  // namespace
}  // namespace lazynet::train
