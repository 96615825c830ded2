#include "command_table.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "lazynet/core/error.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::cli {

std::string listing(std::span<const CommandEntry> commands) {
    std::string text;
    for (const CommandEntry& entry : commands) {
        text += fmt::format("  {:<14}{}\n", entry.name, entry.does);
    }
    return text;
}

int dispatch(const mpi::Communicator& world, std::span<const CommandEntry> commands, std::span<const std::string> args,
             const std::string& usage, const std::string& unknown) {
    if (args[0] == "--help" || args[0] == "-h") {
        if (world.is_root()) {
            std::fputs(usage.c_str(), stdout);
        }
        return 0;
    }
    for (const CommandEntry& entry : commands) {
        if (entry.name == args[0]) {
            mpi::now_in_phase(entry.name);
            return entry.command(world, args.subspan(1));
        }
    }
    throw AgreedError(unknown + " '" + args[0] + "'\n" + usage);
}

}  // namespace lazynet::cli
