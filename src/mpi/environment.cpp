#include "lazynet/mpi/environment.hpp"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "lazynet/core/error.hpp"
#include "lazynet/mpi/last_words.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::mpi {
namespace {

/// Exit code of a job that has saved its work and wants to be submitted again.
constexpr int kStoppedOnRequest = 85;

/// The ranks of this node, as the launcher tells them before MPI can: mpirun by number, SLURM's srun by list ("0,1,2").
/// 1 where nobody says.
std::int64_t ranks_here() {
    if (const char* count = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE")) {
        return std::atol(count);
    }
    const char* listed = std::getenv("SLURM_GTIDS");
    const std::string_view ids = listed == nullptr ? "" : listed;
    return 1 + std::count(ids.begin(), ids.end(), ',');
}

/// Settings that must be in place before MPI_Init; an environment variable that the user set stays.
void prepare_environment() {
    setenv("OMPI_MCA_io", "romio321", 0);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is then an error of the write, like a full disk
    if (ranks_here() > sysconf(_SC_NPROCESSORS_ONLN)) {
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    }
}

int run_body(int argc, char** argv, const std::function<int(int, char**)>& body) {
    try {
        return body(argc, argv);
    } catch (const AgreedError& e) {  // every rank is here, so finalising is safe
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0) {
            std::fflush(stdout);
            std::fprintf(stderr, "lazynet: error: %s\n", e.what());
        }
        return 2;
    } catch (const StoppedOnRequest& e) {  // here too
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0) {
            std::printf("%s\n", e.what());
            std::fflush(stdout);
        }
        return kStoppedOnRequest;
    } catch (const UserError& e) {
        end_job(std::string("error: ") + e.what(), 2);
    } catch (const std::bad_alloc&) {
        end_job("error: out of memory; use more nodes, fewer ranks per node, or ask `--dry-run` what is needed", 2);
    } catch (const std::exception& e) {
        end_job(std::string("internal error: ") + e.what(), 1);
    } catch (...) {
        end_job("internal error: unknown exception", 1);
    }
}

}  // namespace

int guarded_main(int argc, char** argv, const std::function<int(int, char**)>& body) {
    prepare_environment();
    prepare_last_words();
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    introduce_rank();
    std::optional<Watchdog> watchdog;  // to the end: a rank that comes to MPI_Finalize too early waits there for ever
    const int code = run_body(argc, argv, [&](int count, char** arguments) {
        watchdog.emplace();
        return body(count, arguments);
    });
    if (watchdog) {
        watchdog->finishing();
    }
    MPI_Finalize();
    return code;
}

const char* library_version() {
    static char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    return text;
}

std::string host_name() {
    int length = 0;
    char host[MPI_MAX_PROCESSOR_NAME] = "";
    MPI_Get_processor_name(host, &length);
    return host;
}

}  // namespace lazynet::mpi
