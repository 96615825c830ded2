/// Prints a line per rank, in rank order, of what it sees of the machine:
///     rank=2 host=n2 node=2 shares=2 holds=n2 yield=1
/// `node`: ranks that split_by_node puts with it; `shares`: those of its sharing group, whose common array the group's
/// first rank signed with its host (`holds`); `yield`: whether its waits leave the core to others.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lazynet/mpi/environment.hpp"
#include "lazynet/mpi/shared_array.hpp"

namespace {

using namespace lazynet;

int describe(int, char**) {
    const auto world = mpi::Communicator::world();
    const auto node = world.split_by_node();
    const Log log(world.is_root(), Log::Level::quiet);
    const auto group = mpi::sharing_group(world, 4096, log);
    mpi::SharedArray<char> signature(group, 256);
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    if (group.is_root()) {
        std::copy(host.begin(), host.end(), signature.values().begin());
    }
    signature.publish(group);
    const char* yield = std::getenv("OMPI_MCA_mpi_yield_when_idle");
    const std::string line =
        fmt::format("rank={} host={} node={} shares={} holds={} yield={}\n", world.rank(), host.data(), node.size(),
                    group.size(), signature.values().data(), yield == nullptr ? "0" : yield);
    for (int rank = 0; rank < world.size(); ++rank) {
        const std::string text = world.broadcast(line, rank);
        if (world.is_root()) {
            std::fputs(text.c_str(), stdout);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, describe);
}
