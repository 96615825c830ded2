#pragma once

#include <boost/program_options.hpp>

#include "lazynet/data/screen_options.hpp"

namespace lazynet::cli {

/// Binds the options that say how to read an input file; the path itself is positional.
void add_screen_options(boost::program_options::options_description& group, ScreenOptions& options);

}  // namespace lazynet::cli
