#pragma once

#include <functional>

namespace lazynet {

/// From now on SIGTERM and SIGUSR1 do not end the process but are remembered: what schedulers send before they take a
/// job's nodes away. Work that can be saved looks at stop_requested between its steps.
void catch_stop_signals();

/// Whether one came. 0: none, otherwise the signal.
int stop_requested();

/// Another place where a signal may become known, asked by stop_requested until it tells of one: what processes tell
/// each other. nullptr: none.
void hear_of_stops(std::function<int()> elsewhere);

}  // namespace lazynet
