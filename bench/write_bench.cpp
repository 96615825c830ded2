// write_bench [--genes N] [--folder PATH] [--repeats N]     (under mpirun: all ranks write)
// One genes x genes float32 matrix to disk, fsync included: run.h5ad through parallel HDF5 against one process that
// writes the same bytes with write(2). Both take turns in one run; the figure to look at is their ratio.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/io/results.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

using namespace lazynet;
using Clock = std::chrono::steady_clock;

constexpr Index kRowsPerWrite = 250;

struct Options {
    Index genes = 9000;
    Index repeats = 5;
    std::string folder = ".";
};

Options read(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--genes") {
            options.genes = std::stol(argv[i + 1]);
        } else if (name == "--repeats") {
            options.repeats = std::stol(argv[i + 1]);
        } else if (name == "--folder") {
            options.folder = argv[i + 1];
        } else {
            throw AgreedError("unknown option " + name + "; use --genes, --repeats, --folder");
        }
    }
    return options;
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Matrix some_rows(Index genes) {
    Matrix rows(kRowsPerWrite, genes);
    for (Index i = 0; i < rows.size(); ++i) {
        rows.data()[i] = static_cast<float>(i % 1013) * 0.37F;
    }
    return rows;
}

/// Root only: the yardstick.
double write_plain(const std::string& path, const Matrix& rows, Index genes) {
    const auto start = Clock::now();
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (Index i = 0; i < genes; i += kRowsPerWrite) {
        auto left = static_cast<std::size_t>(std::min(kRowsPerWrite, genes - i) * genes) * sizeof(float);
        for (const char* at = reinterpret_cast<const char*>(rows.data()); left > 0;) {
            const ssize_t n = write(file, at, left);
            if (n < 0) {
                throw UserError("cannot write " + path);
            }
            at += n;
            left -= static_cast<std::size_t>(n);
        }
    }
    if (fsync(file) != 0 || close(file) != 0) {
        throw UserError("cannot flush " + path);
    }
    return seconds_since(start);
}

/// Collective.
double write_results(const mpi::Communicator& world, const std::string& path, const Matrix& rows, Index genes) {
    world.barrier();
    const auto start = Clock::now();
    io::ResultsFile file(world, path);
    file.declare_dense("varp/consensus_mean", genes, genes);
    file.open_for_data();
    const Range own = block_of(genes, world.size(), world.rank());
    for (Index i = own.begin; i < own.end; i += kRowsPerWrite) {
        const Range part{i, std::min(i + kRowsPerWrite, own.end)};
        file.write_rows("varp/consensus_mean", part, ConstMatrixView(rows.data(), part.size(), genes));
    }
    file.finish();
    return world.max(seconds_since(start));
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int run(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    const Options options = read(argc, argv);
    const Matrix rows = some_rows(options.genes);
    const std::string plain = options.folder + "/write_bench.bin";
    const std::string results = options.folder + "/write_bench.h5ad";
    std::vector<double> plain_s;
    std::vector<double> results_s;
    for (Index r = 0; r < options.repeats; ++r) {
        world.together([&] {
            if (world.is_root()) {
                plain_s.push_back(write_plain(plain, rows, options.genes));
                std::filesystem::remove(plain);
            }
        });
        results_s.push_back(write_results(world, results, rows, options.genes));
        if (world.is_root()) {
            std::filesystem::remove(results);
        }
    }
    if (world.is_root()) {
        const double gigabytes = static_cast<double>(options.genes * options.genes) * sizeof(float) / 1e9;
        const double a = median(plain_s);
        const double b = median(results_s);
        fmt::print("{} x {} float32, {:.3f} GB, median of {}, fsync included\n", options.genes, options.genes,
                   gigabytes, options.repeats);
        fmt::print("{:<34} {:>8} {:>8}\n", "", "s", "GB/s");
        fmt::print("{:<34} {:>8.3f} {:>8.3f}\n", "one process, write(2)", a, gigabytes / a);
        fmt::print("{:<34} {:>8.3f} {:>8.3f}\n", fmt::format("run.h5ad, {} rank(s)", world.size()), b, gigabytes / b);
        fmt::print("write_ratio={:.3f}  (rate of run.h5ad / rate of write(2))\n", a / b);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return mpi::guarded_main(argc, argv, run);
}
