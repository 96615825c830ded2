#pragma once

#include <hdf5.h>

#include <string>

namespace lazynet::io {

/// Teaches HDF5 to read h5py's lzf chunks, once (where this build has liblzf).
void register_filters();

/// "none", "gzip", "shuffle+gzip", "lzf" ... of a dataset.
std::string compression_of(hid_t dataset);

/// @param where file and dataset, for the message
/// @throws UserError naming the filter and the remedy when a dataset is compressed with one that is not available
void require_filters(hid_t dataset, const std::string& where);

}  // namespace lazynet::io
