#pragma once

#include <span>
#include <string>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::cli {

/// A command: collective over `world`; `args` is what followed its name. Returns the exit code.
using Command = int (*)(const mpi::Communicator& world, std::span<const std::string> args);

/// Compares finished runs edge by edge.
int compare(const mpi::Communicator& world, std::span<const std::string> args);
int effects(const mpi::Communicator& world, std::span<const std::string> args);
/// Judges predictions, or a network when the first word of `args` says so; cross-validates when there is a split and no
/// truth.
int evaluate(const mpi::Communicator& world, std::span<const std::string> args);
int cross_validate(const mpi::Communicator& world, std::span<const std::string> args);
int evaluate_network(const mpi::Communicator& world, std::span<const std::string> args);
int evaluate_predictions(const mpi::Communicator& world, std::span<const std::string> args);
/// Says what results and checkpoints hold, how they were made, and how to make them again.
int info(const mpi::Communicator& world, std::span<const std::string> args);
int inspect(const mpi::Communicator& world, std::span<const std::string> args);
int network(const mpi::Communicator& world, std::span<const std::string> args);
/// Predicts perturbations and combinations with the models of a finished run on a screen.
int predict(const mpi::Communicator& world, std::span<const std::string> args);
/// Prunes the models of a finished run on a screen and trains them on.
int prune_run(const mpi::Communicator& world, std::span<const std::string> args);
/// Writes synthetic data; the first word of `args` says which kind.
int simulate(const mpi::Communicator& world, std::span<const std::string> args);
int simulate_screen(const mpi::Communicator& world, std::span<const std::string> args);
int simulate_trajectories(const mpi::Communicator& world, std::span<const std::string> args);
/// Divides a screen into what is trained and what is tested on.
int split(const mpi::Communicator& world, std::span<const std::string> args);
/// Screens; hands over to train_on_trajectories or train_on_system when the arguments are about those.
int train(const mpi::Communicator& world, std::span<const std::string> args);

int prune_on_trajectories(const mpi::Communicator& world, std::span<const std::string> args);
int train_on_trajectories(const mpi::Communicator& world, std::span<const std::string> args);

/// Does a `train` command line name trajectories, or a model that only they have?
bool is_about_trajectories(std::span<const std::string> args);

/// Defaults of the options that a run on trajectories records, as JSON. @param published under --preset published
std::string trajectory_defaults(bool published);

/// Many screens in one run, and what they say together.
int train_on_screens(const mpi::Communicator& world, std::span<const std::string> args);

/// Does a `train` command line hold an option that only runs of many screens have?
bool is_about_screens(std::span<const std::string> args);

int train_on_system(const mpi::Communicator& world, std::span<const std::string> args);

/// Does a `train` command line name a folder of knock-outs, knock-downs or time series (io/system_folder.hpp)?
bool is_about_system(std::span<const std::string> args);

/// Defaults of the options that a run on such a folder records, as JSON.
std::string system_defaults();

}  // namespace lazynet::cli
