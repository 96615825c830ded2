#pragma once

namespace lazynet {

/// From now on SIGTERM and SIGUSR1 do not end the process but are remembered: what schedulers send before they take a
/// job's nodes away. Work that can be saved looks at stop_requested between its steps.
void catch_stop_signals();

/// Whether one came. 0: none, otherwise the signal.
int stop_requested();

}  // namespace lazynet
