#include "lazynet/train/consensus.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

Matrix random_matrix(Index rows, Index cols, std::int64_t id) {
    const Random random(2, "consensus", {id});
    Matrix m(rows, cols);
    for (Index k = 0; k < m.size(); ++k) {
        m.data()[k] = static_cast<float>(random.normal(static_cast<std::uint64_t>(k)));
    }
    return m;
}

/// Replicas with factors of rank `hidden`; replica r does not support column j where (j + r) % 4 == 0, and nobody
/// column 5. In the last replica target row 3 is pruned away.
BlockEnsemble ensemble_of(Index replicas, Range rows, Index columns, Index hidden) {
    BlockEnsemble ensemble;
    ensemble.rows = rows;
    for (Index r = 0; r < replicas; ++r) {
        ReplicaFactors f;
        f.inputs = random_matrix(columns, hidden, 2 * r);
        f.c = random_matrix(rows.size(), hidden + 1, 2 * r + 1);
        for (Index j = 0; j < columns; ++j) {
            f.support.push_back((j + r) % 4 != 0 && j != 5);
        }
        ensemble.replicas.push_back(std::move(f));
    }
    ensemble.replicas.back().c.row(3).setZero();
    return ensemble;
}

/// The definition, in float64: two passes over the replicas' whole Jacobians.
struct Naive {
    MatrixD mean, sd, sign, selected;
    Naive(const BlockEnsemble& e, Range rows) {
        const auto columns = static_cast<Index>(e.replicas[0].support.size());
        mean = sd = sign = selected = MatrixD::Zero(rows.size(), columns);
        MatrixD variance = sd;
        VectorD counts = VectorD::Zero(columns);
        for (const ReplicaFactors& f : e.replicas) {
            for (Index j = 0; j < columns; ++j) {
                counts[j] += f.support[static_cast<std::size_t>(j)] ? 1.0 : 0.0;
            }
        }
        for (int pass = 0; pass < 2; ++pass) {
            for (const ReplicaFactors& f : e.replicas) {
                const MatrixD jacobian =
                    f.c.middleRows(rows.begin - e.rows.begin, rows.size()).leftCols(f.inputs.cols()).cast<double>() *
                    f.inputs.transpose().cast<double>();
                for (Index j = 0; j < columns; ++j) {
                    if (!f.support[static_cast<std::size_t>(j)]) {
                        continue;
                    }
                    for (Index i = 0; i < rows.size(); ++i) {
                        const double x = jacobian(i, j);
                        if (pass == 0) {
                            mean(i, j) += x / counts[j];
                            sign(i, j) += static_cast<double>((x > 0) - (x < 0)) / counts[j];
                            selected(i, j) += x != 0.0 ? 1.0 / counts[j] : 0.0;
                        } else if (counts[j] > 1) {
                            variance(i, j) += (x - mean(i, j)) * (x - mean(i, j)) / (counts[j] - 1);
                        }
                    }
                }
            }
        }
        sign = sign.cwiseAbs();
        moderate(variance, counts);
    }

private:
    /// Shrunk with the weight of four replicas towards row mean x column mean / grand mean.
    void moderate(const MatrixD& variance, const VectorD& counts) {
        double usable = 0.0;
        VectorD row_mean = VectorD::Zero(variance.rows());
        double grand = 0.0;
        for (Index j = 0; j < variance.cols(); ++j) {
            if (counts[j] > 1) {
                usable += 1.0;
                row_mean += variance.col(j);
                grand += variance.col(j).mean();
            }
        }
        row_mean /= std::max(usable, 1.0);
        grand /= std::max(usable, 1.0);
        for (Index j = 0; j < variance.cols(); ++j) {
            for (Index i = 0; i < variance.rows() && counts[j] > 1; ++i) {
                const double prior = row_mean[i] * variance.col(j).mean() / grand;
                sd(i, j) = std::sqrt((4.0 * prior + (counts[j] - 1) * variance(i, j)) / (4.0 + counts[j] - 1));
            }
        }
    }
};

TEST(Consensus, EqualsTheDefinitionInFloat64) {
    // More rows and columns than a tile; a chunk within the ensemble's rows.
    const BlockEnsemble ensemble = ensemble_of(5, {100, 190}, 1100, 6);
    const Range rows{103, 180};
    ConsensusChunk chunk;
    consensus_rows(ensemble, rows, chunk);
    const Naive naive(ensemble, rows);
    const auto off = [](const Matrix& a, const MatrixD& b) { return (a.cast<double>() - b).cwiseAbs().maxCoeff(); };
    EXPECT_LT(off(chunk.mean, naive.mean), 1e-5);
    EXPECT_LT(off(chunk.sd, naive.sd), 1e-4);
    EXPECT_LT(off(chunk.sign, naive.sign), 1e-6);
    EXPECT_LT(off(chunk.selected, naive.selected), 1e-6);
    EXPECT_GT(chunk.sd.minCoeff() + chunk.mean.norm(), 0.0f);
}

TEST(Consensus, LeavesUnsupportedColumnsAtZero) {
    const BlockEnsemble ensemble = ensemble_of(5, {0, 40}, 30, 4);
    ConsensusChunk chunk;
    consensus_rows(ensemble, ensemble.rows, chunk);
    EXPECT_EQ(supporting_replicas(ensemble)[5], 0);
    EXPECT_EQ(supporting_replicas(ensemble)[1], 4);
    for (const Matrix* m : {&chunk.mean, &chunk.sd, &chunk.sign, &chunk.selected}) {
        EXPECT_EQ(m->col(5).norm(), 0.0f);
        EXPECT_GT(m->col(1).norm(), 0.0f);
    }
    // The last replica has lost row 3, so of the four that support column 1 three have this edge.
    EXPECT_FLOAT_EQ(chunk.selected(3, 1), 0.75f);
    EXPECT_FLOAT_EQ(chunk.selected(2, 1), 1.0f);
}

TEST(Consensus, KnowsNoSpreadOfOneReplica) {
    const BlockEnsemble ensemble = ensemble_of(1, {0, 20}, 10, 3);
    ConsensusChunk chunk;
    consensus_rows(ensemble, ensemble.rows, chunk);
    EXPECT_EQ(chunk.sd.norm(), 0.0f);
    EXPECT_GT(chunk.mean.norm(), 0.0f);
    EXPECT_EQ(chunk.sign(0, 1), 1.0f);
}

TEST(Consensus, DoesNotDependOnWhereTheRowsBegin) {
    const BlockEnsemble ensemble = ensemble_of(3, {0, 64}, 77, 5);
    ConsensusChunk all, part;
    consensus_rows(ensemble, {0, 64}, all);
    consensus_rows(ensemble, {17, 50}, part);
    // Means and signs are of a row alone; the moderation looks at its chunk.
    EXPECT_TRUE(part.mean.isApprox(all.mean.middleRows(17, 33), 1e-6f));
    EXPECT_EQ(part.sign, all.sign.middleRows(17, 33));
}

}  // namespace
}  // namespace lazynet::train
