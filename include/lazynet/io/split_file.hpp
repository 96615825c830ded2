#pragma once

#include <string>

#include "lazynet/data/screen.hpp"
#include "lazynet/data/split.hpp"

namespace lazynet::io {

/// Writes a split as JSON with its hash inside. @throws UserError
void write_split(const Split& split, const std::string& path);

/// Reads what write_split wrote, or a user's own JSON of kind "custom", which needs no hash.
/// @throws UserError when it is no split, or not as it was made: its hash tells
Split read_split(const std::string& path);

/// The same for use with a screen: custom splits are completed from it. A file that is no JSON holds labels, one per
/// line ("A+B", or "context|A+B"; empty lines and those starting with # are passed over), which are held out.
/// @throws UserError also when a label is not in the screen
Split read_split(const std::string& path, const Screen& screen);

}  // namespace lazynet::io
