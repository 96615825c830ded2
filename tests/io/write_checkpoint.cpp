// lazynet_write_checkpoint FOLDER write ROUNDS KB | check
// write: goes on from what is in the folder for ROUNDS more rounds; each saves `live/0..7` of KB KiB anew, and one
// more `done/<round>` that is carried over from then on. Prints "pid <number>" per rank, "round <number>" after each
// save. check: the folder opens with what a round has put there; prints "round <number>", 0 if there is none.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/log.hpp"
#include "lazynet/io/checkpoint_folder.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

using lazynet::InternalError;
using lazynet::io::CheckpointFolder;
using lazynet::io::CheckpointRecord;

constexpr int kLive = 8;
constexpr std::size_t kDoneSize = 1000;

std::vector<std::byte> bytes_of(std::int64_t item, std::int64_t round, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>((i * i + static_cast<std::size_t>(31 * item + 7 * round)) % 251);
    }
    return bytes;
}

std::string live(int k) {
    return "live/" + std::to_string(k);
}

std::string done(std::int64_t round) {
    return "done/" + std::to_string(round);
}

void say_round(const lazynet::mpi::Communicator& world, std::int64_t round) {
    if (world.is_root()) {
        std::printf("round %ld\n", static_cast<long>(round));
        std::fflush(stdout);
    }
}

void expect(bool is_so, const std::string& what) {
    if (!is_so) {
        throw InternalError("not as it was written: " + what);
    }
}

/// Of the step that is open.
std::int64_t round_of(const CheckpointFolder& folder) {
    return folder.step() == 0 ? 0 : static_cast<std::int64_t>(folder.keys().size()) - kLive;
}

void check(const CheckpointFolder& folder) {
    const std::int64_t round = round_of(folder);
    for (int k = 0; k < kLive && round > 0; ++k) {
        const std::vector<std::byte> bytes = folder.load(live(k));
        expect(bytes == bytes_of(k, round, bytes.size()), live(k));
    }
    for (std::int64_t r = 1; r <= round; ++r) {
        expect(folder.load(done(r)) == bytes_of(0, r, kDoneSize), done(r));
    }
}

void write(CheckpointFolder& folder, const lazynet::mpi::Communicator& world, std::int64_t rounds, std::size_t size) {
    std::vector<std::string> kept;
    const std::int64_t first = round_of(folder) + 1;
    for (std::int64_t r = 1; r < first; ++r) {
        kept.push_back(done(r));
    }
    for (std::int64_t r = first; r < first + rounds; ++r) {
        std::vector<CheckpointRecord> mine;
        for (int k = world.rank(); k < kLive; k += world.size()) {
            mine.push_back({live(k), bytes_of(k, r, size)});
        }
        if (r % world.size() == world.rank()) {
            mine.push_back({done(r), bytes_of(0, r, kDoneSize)});
        }
        folder.save(mine, kept);
        kept.push_back(done(r));
        say_round(world, r);
    }
}

int run(int argc, char** argv) {
    const auto world = lazynet::mpi::Communicator::world();
    const std::string mode = argc > 2 ? argv[2] : "";
    std::printf("pid %d\n", getpid());
    std::fflush(stdout);
    lazynet::Log log(world.is_root(), lazynet::Log::Level::normal);
    CheckpointFolder folder(world, argc > 1 ? argv[1] : "", {{"--seed", "1"}});
    folder.open(log);
    check(folder);
    if (mode == "write") {
        write(folder, world, std::stol(argv[3]), static_cast<std::size_t>(std::stol(argv[4])) << 10);
    } else {
        say_round(world, round_of(folder));
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, run);
}
