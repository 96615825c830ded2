#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "lazynet/io/checkpoint_folder.hpp"

namespace lazynet::io {

/// What a DONE file says.
struct CheckpointManifest {
    std::int64_t step = 0;
    CheckpointIdentity identity;
    CheckpointPlaces places;
};

/// JSON, a line per record, with its own checksum at the end. @param ranks who made it
std::string text_of(const CheckpointManifest& manifest, int ranks);
/// @throws UserError saying what is wrong with the text
CheckpointManifest manifest_of(const std::string& text);
/// The text of a DONE file, as it is. @throws UserError if it cannot be read
std::string manifest_text(const std::string& folder, std::int64_t step);

/// The identity as it comes back from a file: bytes that are no UTF-8 are replaced.
CheckpointIdentity as_stored(CheckpointIdentity identity);
/// "was made with --replicas 5, this run has --replicas 6"; "" if there is no difference.
std::string difference(const CheckpointIdentity& made_with, const CheckpointIdentity& now);

/// The files of a checkpoint folder.
struct CheckpointFiles {
    std::set<std::int64_t> done;
    std::set<std::int64_t> data;
    std::vector<std::string> unfinished;  ///< names of files under construction
};

/// Nothing if there is no such folder. @throws UserError if it cannot be read
CheckpointFiles files_of(const std::string& folder);
std::string data_name(std::int64_t step);
std::string done_name(std::int64_t step);

}  // namespace lazynet::io
