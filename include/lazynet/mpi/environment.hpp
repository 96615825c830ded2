#pragma once

#include <functional>
#include <string>

namespace lazynet::mpi {

/// Runs `body` between MPI_Init_thread and MPI_Finalize and returns the process exit code.
///
/// The only place that initialises, finalises or aborts MPI. An AgreedError ends the job in order:
/// root prints it, exit code 2. Any other exception belongs to this rank alone: it says so on stderr
/// with rank and host and takes the job down, because peers may be inside a collective that this
/// rank will never join, and MPI_Finalize would hang.
///
/// Before MPI_Init it sets, where the user has not: MPI-IO through ROMIO (Open MPI's own can lose data on a
/// full disk without an error) and yielding waits when there are more ranks than cores on this host.
int guarded_main(int argc, char** argv, const std::function<int(int, char**)>& body);

/// One line each: MPI library and standard, for --version. Needs no MPI_Init.
const char* library_version();

/// Name of this rank's host, as MPI has it.
std::string host_name();

}  // namespace lazynet::mpi
