#pragma once

#include <functional>

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// Brings ranks together that work alone, when one of them asks for it: to save what they have.
///
/// Every rank looks now and then whether a meeting was called (a look at the messages, no waiting); the first rank
/// alone calls them, when it wants to or when another asks. Work goes on until a rank's next look, so ranks wait for
/// each other at meetings only, and at the gate where the work ends.
class Assembly {
public:
    /// Collective.
    explicit Assembly(const Communicator& world);
    Assembly(const Assembly&) = delete;
    Assembly& operator=(const Assembly&) = delete;
    ~Assembly();

    /// Asks for a meeting; asking twice is asking once. Not collective.
    void ask();
    /// True once when a meeting was called: this rank must come (call `meet`) now. Not collective.
    [[nodiscard]] bool called();
    /// The meeting: collective over all ranks, each of which was called. `business` is run by all together.
    void meet(const std::function<void()>& business);
    /// The end of working alone. Collective: returns when all ranks are here; comes to meetings until then.
    void gate(const std::function<void()>& business);

private:
    void call_all();
    bool settle();

    Communicator messages_;  ///< requests and calls
    Communicator arrivals_;  ///< who is at the gate
    bool asked_ = false;     ///< of the meeting to come
    bool called_ = false;
};

}  // namespace lazynet::mpi
