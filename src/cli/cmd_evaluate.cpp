#include <algorithm>

#include "commands.hpp"

namespace lazynet::cli {
namespace {

bool names(std::span<const std::string> args, const std::string& option) {
    return std::any_of(args.begin(), args.end(),
                       [&](const std::string& arg) { return arg == option || arg.starts_with(option + "="); });
}

}  // namespace

int evaluate(const mpi::Communicator& world, std::span<const std::string> args) {
    if (!args.empty() && args[0] == "network") {
        return evaluate_network(world, args.subspan(1));
    }
    if (names(args, "--split") && !names(args, "--truth")) {
        return cross_validate(world, args);
    }
    return evaluate_predictions(world, args);
}

}  // namespace lazynet::cli
