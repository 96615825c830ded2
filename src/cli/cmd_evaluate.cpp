#include "commands.hpp"

namespace lazynet::cli {

int evaluate(const mpi::Communicator& world, std::span<const std::string> args) {
    if (!args.empty() && args[0] == "network") {
        return evaluate_network(world, args.subspan(1));
    }
    return evaluate_predictions(world, args);
}

}  // namespace lazynet::cli
