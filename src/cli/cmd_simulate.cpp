#include <cstdio>
#include <string_view>
#include <vector>

#include "commands.hpp"
#include "lazynet/core/error.hpp"

namespace lazynet::cli {
namespace {

struct Kind {
    std::string_view name;
    Command command;
    std::string_view does;
};

const std::vector<Kind> kKinds = {
    {"screen", simulate_screen, "a perturbation screen: counts, noise-free truth, true edges, a corrupted prior"},
};

std::string usage() {
    std::string text = "usage: lazynet simulate <kind> [options]\n\nkinds:\n";
    for (const Kind& kind : kKinds) {
        text += "  " + std::string(kind.name) + std::string(14 - kind.name.size(), ' ') + std::string(kind.does) + "\n";
    }
    return text + "\n`lazynet simulate <kind> --help` lists a kind's options.\n";
}

}  // namespace

int simulate(const mpi::Communicator& world, std::span<const std::string> args) {
    if (args.empty()) {
        throw AgreedError("simulate what?\n" + usage());
    }
    if (args[0] == "--help" || args[0] == "-h") {
        if (world.is_root()) {
            std::fputs(usage().c_str(), stdout);
        }
        return 0;
    }
    for (const Kind& kind : kKinds) {
        if (kind.name == args[0]) {
            return kind.command(world, args.subspan(1));
        }
    }
    throw AgreedError("cannot simulate '" + args[0] + "'\n" + usage());
}

}  // namespace lazynet::cli
