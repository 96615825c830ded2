#pragma once

#include <atomic>
#include <string_view>

namespace lazynet::mpi {

/// From now on a segmentation fault, bus error, arithmetic error or abort says so in one line, with rank, host and
/// phase, and then takes its default course (signal, core dump); std::terminate says what was thrown and ends the job
/// with exit code 1. Handlers that are there already, a sanitizer's, stay. Call it before MPI_Init, whose own handlers
/// would look like that.
void prepare_last_words();

/// Makes them work, and replaces MPI's handlers: this rank's name in its last words. Call it after MPI_Init.
void introduce_rank();

/// Who ends the job asks here first; from then on nobody else of the node says why. Null: only this process knows.
void share_last_words(std::atomic<int>* spoken);
/// True for the first to ask.
bool claim_last_words();
/// Whether anybody did.
bool last_words_spoken();

/// One line on stderr, `lazynet: rank 1/4 on HOST: <what>`, unless somebody spoke before; then MPI_Abort. Where MPI
/// does not come back from that, the process ends all the same. From any thread.
[[noreturn]] void end_job(std::string_view what, int code);
/// The same with a line of another subject than this rank: `lazynet: <what>`.
[[noreturn]] void end_job_because(std::string_view what, int code);

}  // namespace lazynet::mpi
