#include "lazynet/train/pseudobulk.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <numeric>

#include "lazynet/core/error.hpp"
#include "lazynet/train/columns.hpp"
#include "made_up_screen.hpp"

namespace lazynet::train {
namespace {

const auto kQuiet = Log::Level::quiet;

struct Case {
    Index cells;
    Index genes;
    double density;
    Normalization kind;
    Index conditions;
    Index dropped;
    const char* layout;
};

const Case kCases[] = {
    {400, 300, 0.2, Normalization::counts, 13, 0, "csr"},
    {400, 300, 0.2, Normalization::log1p, 13, 7, "csr"},
    {90, 70, 0.5, Normalization::counts, 5, 3, "csv"},
    {3, 2, 0.9, Normalization::counts, 2, 0, "dense"},      // more ranks than cells or genes
    {6, 150000, 0.05, Normalization::counts, 2, 0, "csr"},  // genes beyond 16 bits
};

/// All genes' columns on every rank.
Matrix whole(const mpi::Communicator& world, const Matrix& mine, Index genes) {
    std::vector<Index> all(static_cast<std::size_t>(genes));
    std::iota(all.begin(), all.end(), Index{0});
    return fetch_columns(world, mine, genes, all);
}

void expect_near(const Matrix& got, const MatrixD& expected, const char* what) {
    ASSERT_EQ(got.rows(), expected.rows());
    ASSERT_EQ(got.cols(), expected.cols());
    for (Index c = 0; c < got.rows(); ++c) {
        for (Index g = 0; g < got.cols(); ++g) {
            const double tolerance = 1e-5 * expected(c, g) + 1e-7;
            ASSERT_NEAR(static_cast<double>(got(c, g)), expected(c, g), tolerance) << what << ' ' << c << ' ' << g;
        }
    }
}

struct Naive {
    MatrixD mean;
    MatrixD variance;
};

Naive naive_pseudobulk(const MatrixD& x, const Screen& screen) {
    const auto conditions = static_cast<Index>(screen.conditions.size());
    Naive result{MatrixD::Zero(conditions, x.cols()), MatrixD::Zero(conditions, x.cols())};
    std::vector<double> n(screen.conditions.size(), 0.0);
    for (Index i = 0; i < x.rows(); ++i) {
        const Index c = screen.cell_condition[static_cast<std::size_t>(i)];
        if (c >= 0) {
            result.mean.row(c) += x.row(i);
            n[static_cast<std::size_t>(c)] += 1;
        }
    }
    for (Index c = 0; c < conditions; ++c) {
        result.mean.row(c) /= std::max(1.0, n[static_cast<std::size_t>(c)]);
    }
    for (Index i = 0; i < x.rows(); ++i) {
        const Index c = screen.cell_condition[static_cast<std::size_t>(i)];
        if (c >= 0) {
            result.variance.row(c).array() += (x.row(i) - result.mean.row(c)).array().square();
        }
    }
    for (Index c = 0; c < conditions; ++c) {
        result.variance.row(c) /= std::max(1.0, n[static_cast<std::size_t>(c)] - 1);
    }
    return result;
}

TEST(Pseudobulk, EqualsTheNaiveAverage) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    for (const Case& k : kCases) {
        MadeUpMatrix matrix(k.cells, k.genes, k.density, k.kind, k.layout);
        const Screen screen = made_up_screen(matrix, k.conditions, k.dropped);
        const Pseudobulk bulk = pseudobulk(world, matrix, screen, k.kind, log);
        const auto genes = static_cast<Index>(screen.genes.size());
        EXPECT_EQ(bulk.genes, block_of(genes, world.size(), world.rank()));
        const Naive expected = naive_pseudobulk(naive_expression(matrix, screen, k.kind), screen);
        expect_near(whole(world, bulk.mean, genes), expected.mean, "mean");
        expect_near(whole(world, bulk.variance, genes), expected.variance, "variance");
    }
}

TEST(Pseudobulk, EqualsTheNaiveAverageOfGenesOverAllCells) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(300, 50, 0.3, Normalization::counts);
    Screen screen = made_up_screen(matrix, 9, 0);
    const Pseudobulk bulk = pseudobulk(world, matrix, screen, Normalization::counts, log);
    const MatrixD x = naive_expression(matrix, screen, Normalization::counts);
    for (auto& c : screen.cell_condition) {
        c = std::min(c, 0);
    }
    screen.conditions.resize(1);
    const Naive expected = naive_pseudobulk(x, screen);
    const GeneMoments genes = gene_moments(bulk);
    for (Index g = 0; g < bulk.genes.size(); ++g) {
        EXPECT_NEAR(genes.mean[g], expected.mean(0, bulk.genes.begin + g), 1e-6);
        EXPECT_NEAR(genes.variance[g], expected.variance(0, bulk.genes.begin + g), 1e-6);
    }
}

TEST(Pseudobulk, HasTheSameBitsOnAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const auto alone = world.split(world.rank());
    Log log(world.is_root(), kQuiet);
    for (const Case& k : kCases) {
        MadeUpMatrix matrix(k.cells, k.genes, k.density, k.kind, k.layout);
        const Screen screen = made_up_screen(matrix, k.conditions, k.dropped);
        const auto genes = static_cast<Index>(screen.genes.size());
        const Pseudobulk bulk = pseudobulk(world, matrix, screen, k.kind, log);
        const Pseudobulk single = pseudobulk(alone, matrix, screen, k.kind, log);
        EXPECT_EQ(whole(world, bulk.mean, genes), single.mean);
        EXPECT_EQ(whole(world, bulk.variance, genes), single.variance);
        EXPECT_EQ(gene_moments(bulk).variance,
                  gene_moments(single).variance.segment(bulk.genes.begin, bulk.genes.size()));
        EXPECT_EQ(highly_variable(world, bulk, screen, 3), highly_variable(alone, single, screen, 3));
    }
}

void expect_refused(Normalization kind, float value, const std::string& reason) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(400, 30, 0.5, kind);
    matrix.spoil(395, value);  // in the last rank's slice; the others must hear of it
    const Screen screen = made_up_screen(matrix, 5, 0);
    io::CsrRows row;
    matrix.read({395, 396}, row);
    try {
        pseudobulk(world, matrix, screen, kind, log);
        ADD_FAILURE() << "accepted " << value;
    } catch (const AgreedError& e) {
        const std::string text = e.what();
        EXPECT_NE(text.find("made_up: cell 395"), std::string::npos) << text;
        EXPECT_NE(text.find(fmt::format("gene g{}:", row.genes.back())), std::string::npos) << text;
        EXPECT_NE(text.find(reason), std::string::npos) << text;
    }
}

TEST(Pseudobulk, RefusesBadValuesOnAllRanks) {
    expect_refused(Normalization::counts, std::numeric_limits<float>::quiet_NaN(), "not a finite number");
    expect_refused(Normalization::counts, -1.0F, "value -1 is negative");
    expect_refused(Normalization::counts, 1.5F, "not a whole number");
    expect_refused(Normalization::log1p, 25.0F, "too large");
    expect_refused(Normalization::log1p, std::numeric_limits<float>::infinity(), "not a finite number");
}

TEST(Pseudobulk, DoesNotLookAtCellsLeftOut) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(50, 30, 0.5, Normalization::counts);
    const Screen screen = made_up_screen(matrix, 5, 0);
    matrix.spoil(16, -1.0F);
    EXPECT_EQ(screen.cell_condition[16], -1);
    EXPECT_NO_THROW(pseudobulk(world, matrix, screen, Normalization::counts, log));
}

std::int64_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
}

TEST(Pseudobulk, KeepsMemoryBoundedWhateverTheNumberOfCells) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    // 440 MB as CSR and 270 MB packed, over all ranks, for a table of 4 x 1,000: a stage that never overflowed would
    // show.
    MadeUpMatrix matrix(60000, 1000, 1.0, Normalization::log1p);
    const Screen screen = made_up_screen(matrix, 4, 0);
    const std::int64_t before = peak_bytes();
    const Pseudobulk bulk = pseudobulk(world, matrix, screen, Normalization::log1p, log);
    EXPECT_LT(peak_bytes() - before, std::int64_t{100} << 20);
    EXPECT_EQ(std::accumulate(bulk.cells.begin(), bulk.cells.end(), Index{0}), 60000 - 5455);
    EXPECT_NEAR(static_cast<double>(bulk.mean.mean()), 2.0, 0.01);
}

TEST(FetchColumns, BringsAnyColumnsToAnyRank) {
    const auto world = mpi::Communicator::world();
    const Index genes = 11;
    const Range own = block_of(genes, world.size(), world.rank());
    const Matrix mine = Matrix::NullaryExpr(
        3, own.size(), [&](Index r, Index c) { return static_cast<float>(100 * r + own.begin + c); });
    std::vector<Index> wanted;
    if (world.rank() != 1) {  // one rank wants nothing
        wanted = {10, 0, 5, 5, world.rank()};
    }
    const Matrix got = fetch_columns(world, mine, genes, wanted);
    EXPECT_EQ(got.rows(), 3);
    EXPECT_EQ(got.cols(), static_cast<Index>(wanted.size()));
    for (Index r = 0; r < got.rows(); ++r) {
        for (Index c = 0; c < got.cols(); ++c) {
            EXPECT_EQ(got(r, c), static_cast<float>(100 * r + wanted[static_cast<std::size_t>(c)]));
        }
    }
}

TEST(FetchColumns, TakesSeveralRoundsForLongTables) {
    const auto world = mpi::Communicator::world();
    const Index genes = 8;
    const Range own = block_of(genes, world.size(), world.rank());
    const Index rows = 1200000;  // 38 MB of wanted values
    Matrix mine(rows, own.size());
    for (Index r = 0; r < rows; ++r) {
        mine.row(r).setConstant(static_cast<float>(r));
    }
    const Matrix got = whole(world, mine, genes);
    bool equal = got.rows() == rows;
    for (Index r = 0; r < rows && equal; ++r) {
        equal = (got.row(r).array() == static_cast<float>(r)).all();
    }
    EXPECT_TRUE(equal);
}

TEST(HighlyVariable, KeepsPerturbedGenes) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), kQuiet);
    MadeUpMatrix matrix(200, 60, 0.3, Normalization::counts);
    Screen screen = made_up_screen(matrix, 4, 0);
    screen.conditions[2].targets = {17, 60};  // 60 is not measured
    screen.conditions[3].targets = {42};
    const Pseudobulk bulk = pseudobulk(world, matrix, screen, Normalization::counts, log);
    EXPECT_EQ(highly_variable(world, bulk, screen, 0), (std::vector<Index>{17, 42}));
    EXPECT_EQ(highly_variable(world, bulk, screen, 1000).size(), 60U);
}

}  // namespace
}  // namespace lazynet::train
