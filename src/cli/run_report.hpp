#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "lazynet/core/log.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/train/run_results.hpp"
#include "lazynet/train/timings.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// What every command that makes a run has in common.

/// Edges shown at the end of a run.
constexpr std::size_t kShown = 15;

/// Ranks of the table by rank.
constexpr std::size_t kRanksShown = 64;

/// The first kShown of the most certain edges.
inline std::span<const io::Edge> shown(std::span<const io::Edge> edges) {
    return edges.first(std::min(edges.size(), kShown));
}

/// Adds the group "Edge list".
void add_edge_options(CommandLine& line, train::RunOutput& output);
/// Refuses outputs that exist or cannot be written. @param result_needed --output must be named
/// @throws UserError; call inside Communicator::on_root
void require_outputs(const CommonOptions& common, const train::RunOutput& output, bool result_needed = true);
/// "lazynet 0.1.0 (git 1234abcd), 2 ranks, seed 0".
std::string greeting(const mpi::Communicator& world, std::uint64_t seed);

nlohmann::ordered_json edge_json(const io::Edge& edge, const std::string& regulator, const std::string& target);
/// Adds "timings" when there are any.
void add_timings(std::span<const train::Timings::Phase> phases, nlohmann::ordered_json& json);
/// One line per phase, each figure the largest of any rank (bytes: sent by a rank); with --verbose also a table by rank
/// and which rank is far slower than the others. On the root.
void print_phases(std::span<const train::Timings::Phase> phases, const Log& log);

}  // namespace lazynet::cli
