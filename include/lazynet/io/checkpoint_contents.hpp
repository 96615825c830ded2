#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/io/checkpoint_folder.hpp"

namespace lazynet::io {

/// What a folder of checkpoints holds, for those who ask without going on from it.
struct CheckpointContents {
    std::int64_t step = 0;  ///< the newest whose DONE file can be read
    CheckpointIdentity identity;
    CheckpointPlaces places;
    double age_seconds = 0.0;               ///< since that DONE file was written
    std::vector<std::int64_t> other_steps;  ///< ascending
    std::vector<std::string> problems;      ///< of newer DONE files, one line each
};

/// Reads DONE files alone: whether the data are whole, a run that goes on from them looks at. Not collective.
/// @throws UserError naming the folder when it cannot be read or no step in it can
CheckpointContents look_into_checkpoint(const std::string& folder);

}  // namespace lazynet::io
