# Everything is found, nothing is downloaded: compute clusters are offline.
set(MPI_CXX_SKIP_MPICXX ON)
find_package(MPI REQUIRED COMPONENTS C CXX)
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "lazynet needs an HDF5 built with MPI (HDF5_IS_PARALLEL is false). "
                      "Debian: libhdf5-openmpi-dev; modules: hdf5/<version>-parallel; or set HDF5_ROOT.")
endif()
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
# Headers only, and not every system has it: an unpacked release will do.
find_package(Spectra CONFIG QUIET)
if(TARGET Spectra::Spectra)
  get_target_property(spectra_include_dirs Spectra::Spectra INTERFACE_INCLUDE_DIRECTORIES)
endif()
find_path(SPECTRA_INCLUDE_DIR Spectra/SymEigsSolver.h HINTS ${spectra_include_dirs})
if(NOT SPECTRA_INCLUDE_DIR)
  message(FATAL_ERROR "lazynet needs Spectra 1.0 or later (sparse eigenvectors; headers only, https://spectralib.org). "
                      "Debian: libspectra-dev; or unpack a release and give -DSPECTRA_INCLUDE_DIR=<it>/include, or "
                      "-DSpectra_DIR=<folder of spectra-config.cmake>.")
endif()
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_library(LZF_LIBRARY lzf)
find_path(LZF_INCLUDE_DIR lzf.h PATH_SUFFIXES liblzf)
