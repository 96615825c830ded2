#pragma once

#include <string>

#include "lazynet/core/log.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/scoring/scoreboard.hpp"
#include "options.hpp"

namespace lazynet::cli {

/// Which figures of an evaluation are wanted, and where they go.
struct EvaluationOutput {
    eval::Bootstrap bootstrap;
    std::string csv;      ///< every measure of every condition and method; "": not written
    std::string summary;  ///< means and intervals; "": not written
    bool all = false;     ///< print every measure
};

/// Binds --all, --bootstrap, --csv and --summary.
void add_output_options(po::options_description& group, EvaluationOutput& output);

/// Makes the folder that -o names, if it does, and puts the tables there that go nowhere else. On one rank.
/// @throws UserError when something cannot be written
void name_outputs(CommonOptions& common, EvaluationOutput& output);

/// Prints the tables and writes the files. Collective.
void report_evaluation(const mpi::Communicator& world, const scoring::Evaluation& evaluation,
                       const CommonOptions& common, const EvaluationOutput& output, const Log& log);

}  // namespace lazynet::cli
