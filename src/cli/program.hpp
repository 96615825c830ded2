#pragma once

namespace lazynet::cli {

/// The whole program between MPI_Init and MPI_Finalize: picks the command, runs it, returns the exit code.
int run(int argc, char** argv);

}  // namespace lazynet::cli
