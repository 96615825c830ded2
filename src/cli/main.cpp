#include "lazynet/mpi/environment.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, lazynet::cli::run);
}
