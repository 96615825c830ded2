#include "program.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "command_table.hpp"
#include "commands.hpp"
#include "version.hpp"

namespace lazynet::cli {
namespace {

constexpr std::array<CommandEntry, 11> kCommands = {{
    {"inspect", inspect, "what is in a screen or in trajectories, and would it train"},
    {"simulate", simulate, "write a synthetic screen or trajectories, with their ground truth and a prior"},
    {"split", split, "divide a screen into what is trained and what is tested on"},
    {"train", train, "screen or trajectories -> ensemble -> consensus interaction matrix (run.h5ad)"},
    {"prune", prune_run, "prune a finished run on its screen or trajectories, and train it on"},
    {"predict", predict, "what perturbations would do, measured or not: means and sds per gene (predictions.h5ad)"},
    {"network", network, "write the edge list of a finished run"},
    {"compare", compare, "which edges finished runs share, which are private to one, which have opposite signs"},
    {"effects", effects, "direct effects from a run's total ones, or the reverse"},
    {"info", info, "what is in results or checkpoints, how they were made, and the command that makes them again"},
    {"evaluate", evaluate, "judge predictions beside all baselines, cross-validate, or judge a network"},
}};

std::string usage() {
    return "usage: lazynet <command> [options]      (under MPI: mpirun -n 4 lazynet <command> ..., srun lazynet "
           "...)\n\n"
           "commands:\n" +
           listing(kCommands) +
           "\n`lazynet <command> --help` lists a command's options, `lazynet --version` what this build is made of.\n"
           "exit codes: 0 done, 1 bug, 2 user error, 85 stopped on request after a checkpoint\n";
}

}  // namespace

int run(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.empty() || args[0] == "help") {
        if (world.is_root()) {
            std::fputs(usage().c_str(), args.empty() ? stderr : stdout);
        }
        return args.empty() ? 2 : 0;
    }
    if (args[0] == "--version") {
        if (world.is_root()) {
            std::fputs(version_text().c_str(), stdout);
        }
        return 0;
    }
    return dispatch(world, kCommands, args, usage(), "unknown command");
}

}  // namespace lazynet::cli
