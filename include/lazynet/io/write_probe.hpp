#pragma once

#include <cstdint>
#include <string>

namespace lazynet::io {

/// Bytes per second at which a file beside `path` can be written and flushed to disk, from writing `bytes` into a file
/// without a name, which is gone afterwards. 0 where the file system knows no such files or has no room. Not
/// collective.
double write_rate(const std::string& path, std::uint64_t bytes);

}  // namespace lazynet::io
