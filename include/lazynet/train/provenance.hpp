#pragma once

#include <string>

namespace lazynet::train {

/// Version of lazynet, for example "0.1.0".
std::string version();
/// Git hash of the sources, with "+" when they had uncommitted changes; "unknown" outside a repository.
std::string git_hash();
/// Compiler, its version and the flags of this build.
std::string compiler();

}  // namespace lazynet::train
