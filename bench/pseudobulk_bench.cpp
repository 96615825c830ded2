// How fast a screen becomes pseudobulk, beside the yardstick of the same run: HDF5 reading the stored matrix of the
// same file into buffers, in pieces that stay in the cache, by one rank. Usage: [mpirun -n N] pseudobulk_bench FILE
// [REPEATS]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/train/cell_table.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace {

using namespace lazynet;

/// Entries per read; 1 MB of values and gene numbers, the fastest of 2^17 ... 2^23 where it was measured.
constexpr Index kPiece = Index{1} << 17;

/// Shortest of some runs, of the slowest rank each; the first one warms the page cache up.
double best_seconds(const mpi::Communicator& world, int repeats, const std::function<void()>& run) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= repeats; ++i) {
        world.barrier();
        const auto start = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        const double slowest = world.max(taken.count());
        best = i == 0 ? best : std::min(best, slowest);
    }
    return best;
}

/// Reads values and gene numbers of a part of the entries; returns the bytes.
Index read_raw(const io::Handle& file, Range part) {
    const io::Handle data = io::open_dataset(file, "X/data");
    const io::Handle indices = io::open_dataset(file, "X/indices");
    std::vector<float> values(static_cast<std::size_t>(kPiece));
    std::vector<std::int32_t> genes(static_cast<std::size_t>(kPiece));
    for (Index at = part.begin; at < part.end; at += kPiece) {
        const Range piece{at, std::min(at + kPiece, part.end)};
        io::read_slice(data, piece, values);
        io::read_slice(indices, piece, genes);
    }
    return 8 * part.size();
}

void row(const mpi::Communicator& world, const char* what, double seconds, double entries, double raw) {
    if (world.is_root()) {
        fmt::print("| {:<38} | {:8.3f} | {:6.2f} | {:8.2f} | {:5.2f} |\n", what, seconds, 8e-9 * entries / seconds,
                   1e9 * seconds / entries, raw / seconds);
    }
}

int bench(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    io::ScreenFile input;
    io::Handle file;
    world.together([&] {
        if (argc < 2) {
            throw UserError("usage: pseudobulk_bench FILE.h5ad (X stored as CSR) [REPEATS]");
        }
        ScreenOptions options;
        options.path = argv[1];
        options.min_cells = 1;
        input = io::open_screen(options);
        file = io::open_for_reading(argv[1]);
    });
    const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
    const Index entries = input.reader->stored();
    const auto n = static_cast<double>(entries);
    if (world.is_root()) {
        fmt::print("{}: {} cells x {} genes, {} conditions, {} stored entries, {}; {} rank(s), best of {}\n", argv[1],
                   input.reader->cells(), input.screen.genes.size(), input.screen.conditions.size(), entries,
                   input.reader->layout(), world.size(), repeats);
        fmt::print("| {:<38} | {:>8} | {:>6} | {:>8} | {:>5} |\n", "what", "seconds", "GB/s", "ns/entry", "ratio");
    }
    const double raw = best_seconds(world, repeats, [&] {
        if (world.is_root()) {
            read_raw(file, {0, entries});
        }
    });
    row(world, "raw HDF5 read, one rank", raw, n, raw);
    const double raw_all =
        best_seconds(world, repeats, [&] { read_raw(file, block_of(entries, world.size(), world.rank())); });
    row(world, "raw HDF5 read, all ranks", raw_all, n, raw);
    io::CsrRows rows;
    const double reader = best_seconds(world, repeats, [&] {
        const Range mine = block_of(input.reader->cells(), world.size(), world.rank());
        const Index step = input.reader->cells_per_read(8 * kPiece);
        for (Index at = mine.begin; at < mine.end; at += step) {
            input.reader->read({at, std::min(at + step, mine.end)}, rows);
        }
    });
    row(world, "MatrixReader alone, all ranks", reader, n, raw);
    const double averaged = best_seconds(
        world, repeats, [&] { train::pseudobulk(world, *input.reader, input.screen, input.normalization, log); });
    row(world, "pseudobulk, all ranks", averaged, n, raw);
    const double loaded = best_seconds(
        world, 1, [&] { train::load_cells(world, *input.reader, input.screen, input.normalization, log); });
    row(world, "cell table (reads twice), all ranks", loaded, n, raw);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, bench);
}
