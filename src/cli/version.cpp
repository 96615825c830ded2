#include "version.hpp"

#include <Eigen/Core>

#include "lazynet/io/h5.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::cli {

std::string version_text() {
    const std::string eigen = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
    std::string mpi = mpi::library_version();
    mpi = mpi.substr(0, mpi.find(','));
    return "lazynet    " + train::version() + " (git " + train::git_hash() + ")\n" +  //
           "compiler   " + train::compiler() + "\n" +                                 //
           "MPI        " + mpi + "\n" +                                               //
           "HDF5       " + io::hdf5_version() + "\n" +                                //
           "Eigen      " + eigen + " (" + Eigen::SimdInstructionSetsInUse() + ")\n";
}

}  // namespace lazynet::cli
