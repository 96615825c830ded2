#include "lazynet/io/results.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/io/run_file.hpp"
#include "message_of.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

/// The same path on every rank, another for every number of ranks: tests may run side by side.
std::string path_of(const mpi::Communicator& world, const std::string& name) {
    const auto folder = fs::temp_directory_path() / ("results_test." + world.broadcast(std::to_string(getpid())));
    fs::create_directories(folder);
    return (folder / name).string();
}

void remove_all(const mpi::Communicator& world, const std::string& path) {
    world.barrier();
    if (world.is_root()) {
        fs::remove_all(fs::path(path).parent_path());
    }
}

Table genes(Index n) {
    Table table;
    for (Index i = 0; i < n; ++i) {
        table.index.emplace_back(1, static_cast<char>('a' + i));
    }
    return table;
}

TEST(ResultsFile, IsReadBackByRunFile) {
    const auto world = mpi::Communicator::world();
    const std::string path = path_of(world, "run.h5ad");
    ResultsFile file(world, path);
    file.table("obs", {});
    file.table("var", genes(4));
    file.text("uns/lazynet/options", "{}");
    for (const char* name : {"mean", "sd", "sign", "selected"}) {
        file.declare_dense(std::string("varp/consensus_") + name, 4, 4);
    }
    file.open_for_data();
    const Range own = block_of(4, world.size(), world.rank());
    for (const char* name : {"mean", "sd", "sign", "selected"}) {
        Matrix values = Matrix::Constant(own.size(), 4, name[1] == 'd' ? 0.5F : 1);
        if (own.contains(2)) {
            values.row(2 - own.begin).setZero();
        }
        file.write_rows(std::string("varp/consensus_") + name, own, {values.data(), values.rows(), 4});
    }
    file.agree();
    EXPECT_FALSE(fs::exists(path));
    file.finish();

    RunFile run(path);
    EXPECT_EQ(run.genes(), (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_EQ(run.regulators(), 4);
    EXPECT_EQ(run.text("uns/lazynet/options"), "{}");
    EXPECT_EQ(run.text("uns/nothing/options"), std::nullopt);
    ConsensusRows rows;
    run.read({1, 4}, rows);
    EXPECT_EQ(rows.offsets, (std::vector<std::int64_t>{0, 4, 4, 8}));
    EXPECT_EQ(rows.sd, std::vector<float>(8, 0.5F));
    EXPECT_EQ(rows.regulators, (std::vector<std::int32_t>{0, 1, 2, 3, 0, 1, 2, 3}));
    remove_all(world, path);
}

TEST(ResultsFile, RefusesRowsThatWereNotDeclared) {
    const auto world = mpi::Communicator::world();
    const std::string path = path_of(world, "run.h5ad");
    {
        ResultsFile file(world, path);
        file.table("var", genes(4));
        file.declare_dense("X", 3, 4);
        file.declare_csr("varp/a", 4, 4, 2);
        file.open_for_data();
        const Matrix two = Matrix::Zero(2, 4);
        const ConstMatrixView view(two.data(), 2, 4);
        const std::vector<std::int32_t> indices(2);
        const std::vector<float> values(3);
        EXPECT_THROW(file.write_rows("Y", {0, 2}, view), InternalError);
        EXPECT_THROW(file.write_rows("X", {2, 4}, view), InternalError);
        EXPECT_THROW(file.write_rows("X", {-1, 1}, view), InternalError);
        EXPECT_THROW(file.write_rows("X", {0, 1}, view), InternalError);
        EXPECT_THROW(file.write_rows("varp/a", {0, 2}, view), InternalError);
        EXPECT_THROW(file.write_csr_rows("varp/a", {0, 1}, indices, values), InternalError);
    }
    world.barrier();
    EXPECT_FALSE(fs::exists(path));  // never finished
    EXPECT_FALSE(fs::exists(TemporaryFile::name_for(path)));
    remove_all(world, path);
}

TEST(ResultsFile, AgreesOnTheRootsFailure) {
    const auto world = mpi::Communicator::world();
    ResultsFile file(world, "/nowhere/run.h5ad");
    file.table("var", genes(4));
    EXPECT_EQ(message_of<AgreedError>([&] { file.open_for_data(); }),
              "cannot write /nowhere/run.h5ad: No such file or directory");
}

TEST(GatherEdges, GivesTheRootTheSameListForAnyNumberOfRanks) {
    const auto world = mpi::Communicator::world();
    const Random random(1, "edges");
    const auto edge = [&](Index i) {
        const auto c = static_cast<std::uint64_t>(i);
        return Edge{i % 40, i / 40, static_cast<float>(random.below(c, 5)), 1, 1, 1};
    };
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{100000}}) {
        TopEdges all(capacity);
        TopEdges mine(capacity);
        for (Index i = 0; i < 2000; ++i) {
            all.add(edge(i));
            if (random.below(static_cast<std::uint64_t>(i) + 5000, world.size()) == world.rank()) {
                mine.add(edge(i));
            }
        }
        const auto gathered = gather_edges(world, mine.take(), capacity);
        EXPECT_EQ(gathered, world.is_root() ? all.take() : std::vector<Edge>{});
    }
}

}  // namespace
}  // namespace lazynet::io
