#include "lazynet/train/screen_embedding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/train/embedding_sources.hpp"
#include "made_up_screen.hpp"
#include "message_of.hpp"
#include "temporary_folder.hpp"

namespace lazynet::train {
namespace {

constexpr Log::Level kQuiet = Log::Level::quiet;
/// Several chunks, the last one not full.
constexpr Index kGenes = 900;

MatrixD products(const Matrix& vectors) {
    return vectors.cast<double>() * vectors.cast<double>().transpose();
}

/// Rows sorted by gene name become rows in the order of the screen.
Matrix in_order(const GeneEmbedding& e, const Screen& screen) {
    return embedding_of(e, screen.genes);
}

Screen screen_of(const MadeUpMatrix& matrix, Index dropped = 0) {
    Screen screen = made_up_screen(matrix, 7, dropped);
    screen.conditions[4].targets.push_back(static_cast<Index>(screen.genes.size()));  // one that is not measured
    screen.unmeasured = {"elsewhere"};
    return screen;
}

/// Mean products of centred expression over the control cells.
MatrixD naive_covariance(const MatrixD& x, const Screen& screen) {
    MatrixD sum = MatrixD::Zero(x.cols(), x.cols());
    Index cells = 0;
    for (std::int32_t c = 0; c < 2; ++c) {  // the controls of both contexts
        std::vector<Index> rows;
        for (Index cell = 0; cell < x.rows(); ++cell) {
            if (screen.cell_condition[static_cast<std::size_t>(cell)] == c) {
                rows.push_back(cell);
            }
        }
        MatrixD own = x(rows, Eigen::all);
        own.rowwise() -= own.colwise().mean().eval();
        sum += own.transpose() * own;
        cells += own.rows();
    }
    return sum / static_cast<double>(cells);
}

TEST(ControlEmbedding, HoldsTheCovarianceOfControlCells) {
    const auto world = mpi::Communicator::world();
    for (const auto& [kind, layout, dropped] :
         {std::tuple(Normalization::counts, "csr", Index{0}), std::tuple(Normalization::log1p, "csv", Index{7})}) {
        MadeUpMatrix matrix(150, kGenes, 0.2, kind, layout);
        const Screen screen = screen_of(matrix, dropped);
        const GeneEmbedding e =
            control_embedding(world, matrix, screen, kind, {.dimensions = 100, .cells = 1000, .pairs = 0, .seed = 1});
        EXPECT_EQ(e.source, "control cells");
        EXPECT_TRUE(std::is_sorted(e.names.begin(), e.names.end()));
        EXPECT_EQ(e.names.size(), screen.genes.size());
        const MatrixD expected = naive_covariance(naive_expression(matrix, screen, kind), screen);
        EXPECT_GT(expected.cwiseAbs().maxCoeff(), 0.5);
        EXPECT_LT((products(in_order(e, screen)) - expected).cwiseAbs().maxCoeff(), 2e-4);
    }
}

TEST(ControlEmbedding, TakesTheLeadingComponentsFirst) {
    const auto world = mpi::Communicator::world();
    MadeUpMatrix matrix(150, kGenes, 0.2, Normalization::log1p);
    const Screen screen = screen_of(matrix);
    const GeneEmbedding all = control_embedding(world, matrix, screen, Normalization::log1p, {.dimensions = 20});
    const GeneEmbedding few = control_embedding(world, matrix, screen, Normalization::log1p, {.dimensions = 4});
    ASSERT_EQ(all.dimensions(), 20);
    for (Index k = 1; k < 20; ++k) {
        EXPECT_GE(all.values.col(k - 1).norm(), all.values.col(k).norm());
    }
    EXPECT_EQ(few.values, all.values.leftCols(4));
}

TEST(ControlEmbedding, LooksAtNoOtherCellThanTheChosen) {
    const auto world = mpi::Communicator::world();
    MadeUpMatrix matrix(600, 50, 0.4, Normalization::log1p);
    Screen screen = screen_of(matrix);
    const ScreenEmbeddingOptions options{.dimensions = 5, .cells = 40, .pairs = 0, .seed = 3};
    const GeneEmbedding before = control_embedding(world, matrix, screen, Normalization::log1p, options);
    EXPECT_NE(control_embedding(world, matrix, screen, Normalization::log1p, {.dimensions = 5, .cells = 40, .seed = 4})
                  .values,
              before.values);
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {  // labels of perturbed cells change
        auto& c = screen.cell_condition[cell];
        c = c >= 2 ? 2 + (c + 1) % 5 : c;
    }
    EXPECT_EQ(control_embedding(world, matrix, screen, Normalization::log1p, options).values, before.values);
}

TEST(ControlEmbedding, SaysWhichValueCannotBe) {
    const auto world = mpi::Communicator::world();
    MadeUpMatrix matrix(100, 40, 0.5, Normalization::counts);
    Screen screen = screen_of(matrix);
    screen.cell_condition[95] = 0;
    matrix.spoil(95, -1.0f);
    const std::string text = message_of<AgreedError>(
        [&] { control_embedding(world, matrix, screen, Normalization::counts, {.dimensions = 5}); });
    EXPECT_NE(text.find("cell 95"), std::string::npos) << text;
}

/// Training conditions: not 3.
const std::vector<Index> kTraining = {0, 1, 2, 4, 5, 6};

/// Mean products of the shrunken changes, without what was made.
MatrixD naive_responses(const Pseudobulk& all, const Screen& screen) {
    const Index genes = all.mean.cols();
    MatrixD sum = MatrixD::Zero(genes, genes);
    Index pairs = 0;
    for (const Index c : kTraining) {
        const Condition& condition = screen.conditions[static_cast<std::size_t>(c)];
        if (condition.is_control()) {
            continue;
        }
        VectorD change = (all.mean.row(c).cast<double>() - all.mean.row(condition.context).cast<double>()).transpose();
        const double effect = change.squaredNorm();
        const double noise = all.variance.row(c).cast<double>().sum() / static_cast<double>(condition.cells);
        if (effect <= noise) {
            continue;
        }
        for (const Index j : condition.targets) {
            if (j < genes) {
                change[j] = 0.0;
            }
        }
        change *= (effect - noise) / effect;
        sum += change * change.transpose();
        ++pairs;
    }
    EXPECT_GT(pairs, 2);
    return sum / static_cast<double>(pairs);
}

TEST(ResponseEmbedding, HoldsHowGenesRespondTogether) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(400, kGenes, 0.3, Normalization::log1p);
    const Screen screen = screen_of(matrix);
    const Pseudobulk whole = pseudobulk(alone, matrix, screen, Normalization::log1p, log);
    const Pseudobulk table = pseudobulk(world, matrix, screen, Normalization::log1p, log);
    const GeneEmbedding e = response_embedding(world, screen, table, kTraining, {.dimensions = 10});
    EXPECT_EQ(e.source, "responses");
    const MatrixD expected = naive_responses(whole, screen);
    EXPECT_LT((products(in_order(e, screen)) - expected).cwiseAbs().maxCoeff(), 1e-4 * expected.maxCoeff());
    EXPECT_TRUE(embedding_rows(e, std::vector<std::string>{"elsewhere"})[0] == -1);
}

TEST(ResponseEmbedding, KnowsNothingOfOtherConditions) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(400, 300, 0.3, Normalization::log1p);
    const Screen screen = screen_of(matrix);
    Pseudobulk table = pseudobulk(world, matrix, screen, Normalization::log1p, log);
    const GeneEmbedding before = response_embedding(world, screen, table, kTraining, {});
    table.mean.row(3).array() += 5.0f;
    EXPECT_EQ(response_embedding(world, screen, table, kTraining, {}).values, before.values);
    table.mean.row(5).array() += 5.0f;
    EXPECT_NE(response_embedding(world, screen, table, kTraining, {}).values, before.values);
}

TEST(ResponseEmbedding, HasNoDimensionsWithoutEffects) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(100, 300, 0.3, Normalization::log1p);
    const Screen screen = screen_of(matrix);
    const Pseudobulk table = pseudobulk(world, matrix, screen, Normalization::log1p, log);
    const GeneEmbedding e = response_embedding(world, screen, table, std::vector<Index>{0, 1}, {});
    EXPECT_EQ(e.dimensions(), 0);
    EXPECT_EQ(e.names.size(), 300U);
    EXPECT_EQ(embedding_rows(e, screen.genes)[0], -1);
}

TEST(ScreenEmbedding, HasTheSameBitsOnAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), kQuiet);
    for (const Index genes : {Index{30}, kGenes}) {
        MadeUpMatrix matrix(300, genes, 0.3, Normalization::counts);
        const Screen screen = screen_of(matrix);
        const ScreenEmbeddingOptions options{.dimensions = 12, .cells = 50, .pairs = 3, .seed = 9};
        const GeneEmbedding a = control_embedding(world, matrix, screen, Normalization::counts, options);
        EXPECT_EQ(a.values, control_embedding(alone, matrix, screen, Normalization::counts, options).values);
        const Pseudobulk table = pseudobulk(world, matrix, screen, Normalization::counts, log);
        const Pseudobulk single = pseudobulk(alone, matrix, screen, Normalization::counts, log);
        const GeneEmbedding b = response_embedding(world, screen, table, kTraining, options);
        EXPECT_EQ(b.values, response_embedding(alone, screen, single, kTraining, options).values);
        EXPECT_EQ(b.dimensions(), 3);
    }
}

class EmbeddingSources : public TemporaryFolder {};

TEST_F(EmbeddingSources, ReachEveryRank) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    const std::string graph = path("g.tsv");  // the root's own, as only the root reads
    const std::string file = path("e.csv");
    std::ofstream(graph) << "A\tB\t1\nB\tC\t0.5\nD\tD\t1\n";
    std::ofstream(file) << "x,1,2\ny,3,4\n";
    const GeneEmbedding e = load_graph_embedding(world, graph, {.dimensions = 2, .power = 0.5}, log);
    EXPECT_EQ(e.source, "graph g.tsv");
    EXPECT_EQ(e.names, (std::vector<std::string>{"A", "B", "C", "D"}));
    EXPECT_NEAR(static_cast<double>(e.values(1, 0)), std::sqrt(0.5), 1e-6);
    const GeneEmbedding f = load_file_embedding(world, file, log);
    EXPECT_EQ(f.values, (Matrix{{1.0f, 2.0f}, {3.0f, 4.0f}}));
    const std::string text = message_of<AgreedError>([&] { load_file_embedding(world, path("absent.csv"), log); });
    EXPECT_NE(text.find("absent.csv: no such file"), std::string::npos) << text;
}

}  // namespace
}  // namespace lazynet::train
