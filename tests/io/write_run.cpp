// lazynet_write_run OUTPUT [--genes N] [--conditions N] [--unmeasured N] [--top K] [--transfer BYTES] [--rows N]
//                   [--break HOW] [--turns N]
// Writes a run.h5ad whose values follow from their row and column alone, so a test can check every one of them.
// --break: fsize (a write fails on the last rank), full (the disk fills up while writing), agreed, alone (an exception
// while the file is open), none-written (no rows at all), replaced (another run takes the temporary name),
// replaced-alone (first replaced, then alone).
// --turns: rows are written in turns by all ranks, flushed every N turns, and how far it is kept in OUTPUT.mark, from
// where the next call goes on; "pid <number>" per rank first, "from row <number>" when the file is open.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/io/results.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

using lazynet::Index;
using lazynet::Matrix;
using lazynet::Range;
using lazynet::io::ResultsFile;

struct Options {
    std::string output;
    Index genes = 37;
    Index conditions = 11;
    Index unmeasured = 3;
    Index top = 0;
    Index transfer = Index{1} << 29;
    Index rows = 5;
    Index turns = 0;
    std::string how;
};

Options read(int argc, char** argv) {
    Options o;
    o.output = argc > 1 ? argv[1] : "";
    std::map<std::string, Index*> numbers = {
        {"--genes", &o.genes}, {"--conditions", &o.conditions}, {"--unmeasured", &o.unmeasured},
        {"--top", &o.top},     {"--transfer", &o.transfer},     {"--rows", &o.rows},
        {"--turns", &o.turns}};
    for (int i = 2; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--break") {
            o.how = argv[i + 1];
        } else {
            *numbers.at(argv[i]) = std::stol(argv[i + 1]);
        }
    }
    return o;
}

const std::vector<std::string> kStatistics = {"mean", "sd", "sign", "selected"};

float value(std::size_t statistic, Index i, Index j) {
    switch (statistic) {
        case 0:
            return static_cast<float>(i - 2 * j) / 8;
        case 1:
            return static_cast<float>((i * j) % 5) / 4;
        case 2:
            return static_cast<float>((i + j) % 6) / 5;
        default:
            return static_cast<float>((3 * i + j) % 5) / 4;
    }
}

/// Every third gene is not supported.
std::int64_t support(Index j) {
    return j % 3;
}

std::vector<std::string> names(const std::string& prefix, Index n) {
    std::vector<std::string> all;
    for (Index i = 0; i < n; ++i) {
        all.push_back(prefix + std::to_string(i));
    }
    return all;
}

lazynet::io::Table conditions(Index n) {
    lazynet::io::Table table{names("condition", n), {}};
    std::vector<double> error;
    std::vector<std::int64_t> cells;
    std::vector<bool> held_out;
    lazynet::io::Categorical context{{"K562", "RPE1 β"}, {}};
    for (Index i = 0; i < n; ++i) {
        error.push_back(static_cast<double>(i) / 3);
        cells.push_back(100 + i);
        held_out.push_back(i % 4 == 1);
        context.codes.push_back(i % 5 == 4 ? -1 : static_cast<std::int32_t>(i % 2));
    }
    table.columns = {{"perturbation", names("GENE", n)},
                     {"context", context},
                     {"cells", cells},
                     {"error", error},
                     {"held_out", held_out},
                     {"weight", std::vector<float>(error.begin(), error.end())}};
    return table;
}

lazynet::io::Table genes(Index n) {
    std::vector<std::int64_t> supports;
    for (Index j = 0; j < n; ++j) {
        supports.push_back(support(j));
    }
    return {names("gene", n), {{"regulator_support", supports}}};
}

void describe(ResultsFile& file, const Options& o) {
    file.table("obs", conditions(o.conditions));
    file.table("var", genes(o.genes));
    file.text("uns/lazynet/options", "{\"seed\": 7, \"text\": \"" + std::string(100000, 'x') + "\"}");
    file.number("uns/lazynet/format_version", std::int64_t{1});
    file.number("uns/lazynet/elapsed", 0.5);
    file.strings("uns/lazynet/unmeasured_regulators", names("other", o.unmeasured));
    file.array("uns/lazynet/unmeasured_support", std::vector<std::int64_t>(static_cast<std::size_t>(o.unmeasured), 2));
    file.array("uns/lazynet/grid", std::vector<double>{1, 2.5, -3});
    file.table("uns/lazynet/history", {names("", 3), {{"loss", std::vector<double>{3, 2, 1}}}});
    file.table("uns/lazynet/no_columns", {names("row", 2), {}});
    file.table("uns/lazynet/no_rows", {{}, {{"x", std::vector<std::string>{}}, {"y", lazynet::io::Categorical{}}}});
    file.declare_dense("X", o.conditions, o.genes);
    file.declare_dense("layers/observed", o.conditions, o.genes);
    for (const std::string& name : kStatistics) {
        if (o.top > 0) {
            file.declare_csr("varp/consensus_" + name, o.genes, o.genes, o.top);
        } else {
            file.declare_dense("varp/consensus_" + name, o.genes, o.genes);
        }
        file.declare_dense("varm/consensus_" + name + "_unmeasured", o.genes, o.unmeasured);
    }
}

/// Columns first_col to first_col + cols of some rows of one statistic.
Matrix block(std::size_t statistic, Range rows, Index cols, Index first_col) {
    Matrix values(rows.size(), cols);
    for (Index i = 0; i < rows.size(); ++i) {
        for (Index j = 0; j < cols; ++j) {
            values(i, j) = value(statistic, rows.begin + i, first_col + j);
        }
    }
    return values;
}

void write_dense(ResultsFile& file, const std::string& where, Range rows, const Matrix& values) {
    file.write_rows(where, rows, {values.data(), values.rows(), values.cols()});
}

/// Row i holds the columns i % 3, i % 3 + 1, ...
void write_sparse(ResultsFile& file, const std::string& where, std::size_t statistic, Range rows, Index top) {
    std::vector<std::int32_t> indices;
    std::vector<float> values;
    for (Index i = rows.begin; i < rows.end; ++i) {
        for (Index j = i % 3; j < i % 3 + top; ++j) {
            indices.push_back(static_cast<std::int32_t>(j));
            values.push_back(value(statistic, i, j));
        }
    }
    file.write_csr_rows(where, rows, indices, values);
}

void write_targets(ResultsFile& file, const Options& o, Range rows) {
    for (std::size_t s = 0; s < kStatistics.size(); ++s) {
        const std::string where = "varp/consensus_" + kStatistics[s];
        if (o.top > 0) {
            write_sparse(file, where, s, rows, o.top);
        } else {
            write_dense(file, where, rows, block(s, rows, o.genes, 0));
        }
        write_dense(file, "varm/consensus_" + kStatistics[s] + "_unmeasured", rows,
                    block(s, rows, o.unmeasured, o.genes));
    }
}

void write_cells(ResultsFile& file, const Options& o, const lazynet::mpi::Communicator& world) {
    const Range cells = lazynet::block_of(o.conditions, world.size(), world.rank());
    write_dense(file, "X", cells, block(0, cells, o.genes, 0));
    write_dense(file, "layers/observed", cells, block(1, cells, o.genes, 0));
}

void write_all(ResultsFile& file, const Options& o, const lazynet::mpi::Communicator& world) {
    const Range own = lazynet::block_of(o.genes, world.size(), world.rank());
    for (Index t = own.begin; t < own.end; t += o.rows) {
        write_targets(file, o, {t, std::min(t + o.rows, own.end)});
    }
    write_cells(file, o, world);
}

/// A row number, and the mark of the file that holds the rows before it.
struct Progress {
    Index row = 0;
    std::string mark;
};

Progress read_progress(const std::string& output) {
    Progress progress;
    std::ifstream file(output + ".mark");
    file >> progress.row;
    file.get();
    std::getline(file, progress.mark);
    return progress;
}

void write_progress(const std::string& output, const Progress& progress) {
    std::ofstream(output + ".mark.next") << progress.row << '\n' << progress.mark << '\n';
    rename((output + ".mark.next").c_str(), (output + ".mark").c_str());
}

/// Opens the file where the last run has left it, and writes the rest.
void go_on(ResultsFile& file, const Options& o, const lazynet::mpi::Communicator& world) {
    file.keep_unfinished(true);
    Progress progress = read_progress(o.output);
    if (!file.continue_unfinished(progress.mark)) {
        file.open_for_data();
        progress = {0, file.mark()};
    }
    if (world.is_root()) {
        std::printf("from row %ld\n", static_cast<long>(progress.row));
        std::fflush(stdout);
    }
    for (Index turn = 1; progress.row < o.genes; ++turn) {
        const Range rows = {progress.row, std::min(progress.row + o.rows, o.genes)};
        if (turn % world.size() == world.rank()) {
            write_targets(file, o, rows);
        }
        progress.row = rows.end;
        if (turn % o.turns == 0) {
            file.flush();
            if (world.is_root()) {
                write_progress(o.output, progress);
            }
        }
    }
    write_cells(file, o, world);
}

/// Gives the reserved space back (what still is zero) and lets somebody else have it, as where a file system cannot
/// reserve.
void fill_disk(const std::string& output) {
    const std::string temporary = lazynet::io::TemporaryFile::name_for(output);
    const int ours = open(temporary.c_str(), O_RDWR);
    const std::vector<char> zeros(std::size_t{1} << 16);
    std::vector<char> block(zeros.size());
    const auto length = static_cast<off_t>(zeros.size());
    for (off_t at = 0; pread(ours, block.data(), block.size(), at) == length; at += length) {
        if (block == zeros && fallocate(ours, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, length) != 0) {
            throw lazynet::InternalError("this file system cannot punch holes");
        }
    }
    close(ours);
    const int other = open((output + ".other").c_str(), O_WRONLY | O_CREAT, 0666);
    while (write(other, zeros.data(), zeros.size()) > 0) {
    }
    close(other);
}

void break_it(const Options& o, const lazynet::mpi::Communicator& world) {
    const bool is_last = world.rank() == world.size() - 1;
    if (o.how == "fsize" && is_last) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{4096, 4096};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (o.how == "full" && world.is_root()) {
        fill_disk(o.output);
    }
    if (o.how.starts_with("replaced") && world.is_root()) {
        const lazynet::io::TemporaryFile other(o.output + ".other");
        rename(other.name().c_str(), lazynet::io::TemporaryFile::name_for(o.output).c_str());
    }
    if (o.how == "agreed") {
        throw lazynet::AgreedError("something else failed on all ranks");
    }
    world.barrier();
    if (o.how.ends_with("alone") && is_last) {
        throw lazynet::UserError("something else failed on one rank");
    }
}

int run(int argc, char** argv) {
    const auto world = lazynet::mpi::Communicator::world();
    const Options options = read(argc, argv);
    ResultsFile file(world, options.output);
    file.limit_transfer(static_cast<std::size_t>(options.transfer));
    describe(file, options);
    if (options.turns > 0) {
        std::printf("pid %d\n", getpid());
        std::fflush(stdout);
        go_on(file, options, world);
        break_it(options, world);
    } else {
        file.open_for_data();
        break_it(options, world);
        if (options.how != "none-written") {
            write_all(file, options, world);
        }
    }
    file.finish();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, run);
}
