#pragma once

#include <string>

namespace lazynet::cli {

/// What --version prints: own version and git hash, compiler and flags, MPI, HDF5, Eigen.
std::string version_text();

}  // namespace lazynet::cli
