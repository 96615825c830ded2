#pragma once

#include <span>
#include <string>
#include <string_view>

#include "commands.hpp"

namespace lazynet::cli {

/// A command by its name.
struct CommandEntry {
    std::string_view name;
    Command command;
    std::string_view does;
};

/// One line each: name and what it does.
std::string listing(std::span<const CommandEntry> commands);

/// Prints help, or runs the command that the first of `args` names on the others. Collective.
/// @param usage is printed for --help and -h  @param unknown begins the message about a name that is none
/// @throws AgreedError with the usage when there is no such command. @pre `args` is not empty
int dispatch(const mpi::Communicator& world, std::span<const CommandEntry> commands, std::span<const std::string> args,
             const std::string& usage, const std::string& unknown);

}  // namespace lazynet::cli
